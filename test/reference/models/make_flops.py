"""Counts the FLOP of one training step with PyTorch's own counter, for tests of the cost model.

    python make_flops.py ../../fixtures/models/flops.json

Matrix products only, as torch.utils.flop_counter counts them. Attention is `eager`: the fused kernels' entries in the
counter assume that the backward pass computes the scores again.
"""

import json
import sys
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForCausalLM

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "models"
LLAMA_15x576 = {
    "model_type": "llama",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 15,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "vocab_size": 49152,
    "tie_word_embeddings": True,
    "max_position_embeddings": 8192,
}


def count(fields, batch, length):
    fields = dict(fields)
    config = AutoConfig.for_model(fields.pop("model_type"), **fields)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    ids = torch.zeros((batch, length), dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
    return counter.get_total_flops()


def main(out):
    cases = {
        name: (json.loads((FIXTURES / name / "config.json").read_text()), 2, 24)
        for name in ["llama-tied", "llama-untied", "gpt2-tied"]
    }
    cases["llama 15x576 at 1x512"] = (LLAMA_15x576, 1, 512)
    result = {
        name: {"config": config, "batch": batch, "length": length, "trainFlop": count(config, batch, length)}
        for name, (config, batch, length) in cases.items()
    }
    Path(out).write_text(json.dumps(result, indent=2) + "\n")


main(sys.argv[1])
