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


GPT2_12x384 = {
    "model_type": "gpt2",
    "n_embd": 384,
    "n_layer": 12,
    "n_head": 6,
    "n_positions": 512,
    "resid_pdrop": 0.0,
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
    "vocab_size": 50304,
}
LLAMA_4x1600 = {
    "model_type": "llama",
    "hidden_size": 1600,
    "intermediate_size": 4320,
    "num_hidden_layers": 4,
    "num_attention_heads": 25,
    "num_key_value_heads": 25,
    "vocab_size": 32000,
    "tie_word_embeddings": False,
}


def count(fields, batch, length, recompute):
    fields = dict(fields)
    config = AutoConfig.for_model(fields.pop("model_type"), **fields)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    if recompute == "block":
        model.train()
        model.gradient_checkpointing_enable({"use_reentrant": False})
    ids = torch.zeros((batch, length), dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
    return counter.get_total_flops()


def main(out):
    cases = {
        name: (json.loads((FIXTURES / name / "config.json").read_text()), 2, 24, "none")
        for name in ["llama-tied", "llama-untied", "gpt2-tied"]
    }
    for recompute, suffix in [("none", ""), ("block", ", recompute block")]:
        cases["llama 15x576 at 1x512" + suffix] = (LLAMA_15x576, 1, 512, recompute)
        cases["gpt2 12x384 at 4x256" + suffix] = (GPT2_12x384, 4, 256, recompute)
    cases["llama 4x1600 at 1x256"] = (LLAMA_4x1600, 1, 256, "none")
    result = {
        name: {
            "config": config,
            "batch": batch,
            "length": length,
            "recompute": recompute,
            "trainFlop": count(config, batch, length, recompute),
        }
        for name, (config, batch, length, recompute) in cases.items()
    }
    Path(out).write_text(json.dumps(result, indent=2) + "\n")


main(sys.argv[1])
