"""Writes tiny random checkpoints in Hugging Face layout, one folder each.

usage: python test/reference/models/make_checkpoints.py [--out DIR]
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from reference import FIXTURES, load

LLAMA = {"max_position_embeddings": 64, "hidden_act": "silu", "bos_token_id": 1, "eos_token_id": 2}
GPT2 = {
    "vocab_size": 96,
    "n_positions": 64,
    "n_embd": 32,
    "n_head": 4,
    "n_layer": 3,
    # transformers' default is 0.1 each; with dropout a training run has no reference values.
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
    "resid_pdrop": 0.0,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def rope(theta):
    return {"rope_theta": theta, "rope_type": "default"}


CHECKPOINTS = {
    "llama-tied": LlamaConfig(
        **LLAMA, vocab_size=128, hidden_size=32, intermediate_size=88, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, rms_norm_eps=1e-5, rope_parameters=rope(10000.0), tie_word_embeddings=True,
    ),
    # head_dim 12 is not hidden_size / heads = 8: a reader that derives it cannot load q_proj.
    "llama-untied": LlamaConfig(
        **LLAMA, vocab_size=128, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, head_dim=12, rms_norm_eps=1e-6, rope_parameters=rope(100000.0), tie_word_embeddings=False,
    ),
    # Old spelling with a theta other than the default 10000: a reader that misses the field gives other logits.
    "llama-bf16-sharded": LlamaConfig(
        **LLAMA, vocab_size=128, hidden_size=32, intermediate_size=88, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=1, rms_norm_eps=1e-5, rope_parameters=rope(500000.0), tie_word_embeddings=True,
    ),
    "gpt2-tied": GPT2Config(**GPT2, tie_word_embeddings=True),
    "gpt2-inverse": GPT2Config(
        **GPT2, n_inner=64, scale_attn_by_inverse_layer_idx=True, tie_word_embeddings=False
    ),
}
OLD_SPELLING = {"llama-tied", "llama-bf16-sharded"}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=FIXTURES)
    out = arguments.parse_args().out
    for seed, (name, config) in enumerate(CHECKPOINTS.items(), start=1):
        model = LlamaForCausalLM(config) if config.model_type == "llama" else GPT2LMHeadModel(config)
        randomize(model, seed)
        folder = out / name
        for old in folder.glob("*.safetensors*"):
            old.unlink()
        sharded = name == "llama-bf16-sharded"
        model.to(torch.bfloat16 if sharded else torch.float32)
        model.save_pretrained(folder, max_shard_size="32KB" if sharded else "1MB")
        (folder / "generation_config.json").unlink(missing_ok=True)
        for file in folder.glob("*.safetensors"):
            file.chmod(0o644)
        if config.model_type == "llama":
            check_spellings(folder)
            respell(folder, old=name in OLD_SPELLING)
        print(folder, sum(file.stat().st_size for file in folder.glob("*.safetensors")), "bytes of weights")


@torch.no_grad()
def randomize(model, seed):
    """Weights far enough from zero that logits are not near-uniform, norms not all ones, biases not zero."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim >= 2:
            parameter.copy_(0.2 * noise)
        elif name.endswith("bias"):
            parameter.copy_(0.1 * noise)
        else:
            parameter.copy_(1 + 0.1 * noise)


def respell(folder, old):
    """Puts the rotary base where transformers 4 had it (`rope_theta`), or where 5 has it (`rope_parameters`)."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    rope_parameters = config.pop("rope_parameters", None) or {}
    theta = rope_parameters.get("rope_theta", config.pop("rope_theta", None))
    dtype = config.pop("dtype", None) or config.pop("torch_dtype")
    for key in ("rope_scaling", "rope_theta"):
        config.pop(key, None)
    if old:
        # What a file of that age does not have either: the version line of 5 and a head_dim that can be derived.
        config.pop("transformers_version", None)
        if config.get("head_dim") == config["hidden_size"] // config["num_attention_heads"]:
            del config["head_dim"]
        config |= {"rope_theta": theta, "rope_scaling": None, "torch_dtype": dtype}
    else:
        config |= {"rope_parameters": {"rope_theta": theta, "rope_type": "default"}, "dtype": dtype}
    path.write_text(json.dumps(dict(sorted(config.items())), indent=2) + "\n")


def check_spellings(folder):
    """transformers must read both spellings to the same logits, and see the theta at all."""
    ids = torch.arange(24)[None]
    logits = {}
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        for file in folder.iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
        for old in (True, False):
            respell(copy, old)
            with torch.no_grad():
                logits[old] = load(copy)(ids).logits
        config = json.loads((copy / "config.json").read_text())
        config["rope_parameters"]["rope_theta"] *= 7
        (copy / "config.json").write_text(json.dumps(config))
        with torch.no_grad():
            other = load(copy)(ids).logits
    if not torch.equal(logits[True], logits[False]):
        raise SystemExit(f"{folder}: the two spellings of rope_theta give different logits")
    if torch.allclose(logits[True], other, atol=1e-3):
        raise SystemExit(f"{folder}: rope_theta makes no difference; the fixture would not catch a wrong one")


if __name__ == "__main__":
    main()
