"""Checks a written model with transformers. Needs: pip install torch transformers.

  check_inherited.py blocks SOURCE OUT K       OUT loads without a missing or unexpected tensor, and its logits are those of SOURCE cut to K blocks
  check_inherited.py random OUT                each tensor of OUT has the mean and deviation that transformers' own initialisation gives
  check_inherited.py tokenizer OUT EXPECTED    OUT loads, and its tokenizer gives the ids in EXPECTED
"""
import json
import sys

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer


def load(path):
    model, info = AutoModelForCausalLM.from_pretrained(path, output_loading_info=True, dtype=torch.float32)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not info[kind], (kind, info[kind])
    return model.eval()


def blocks(source, out, count):
    reference, model = load(source), load(out)
    body = reference.model if hasattr(reference, "model") else reference.transformer
    name = "layers" if hasattr(body, "layers") else "h"
    setattr(body, name, getattr(body, name)[: int(count)])
    reference.config.num_hidden_layers = int(count)
    torch.manual_seed(0)
    ids = torch.randint(0, model.config.vocab_size, (2, 8))
    with torch.no_grad():
        ours, theirs = model(ids).logits, reference(ids, use_cache=False).logits
    assert len(getattr(model.model if hasattr(model, "model") else model.transformer, name)) == int(count)
    assert torch.equal(ours, theirs), (ours - theirs).abs().max()
    print("same logits", tuple(ours.shape))


def random(out):
    model = load(out)
    torch.manual_seed(0)
    fresh = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(out))
    own = dict(fresh.named_parameters())
    for name, ours in model.named_parameters():
        theirs = own[name]
        # Five standard errors of a mean and a deviation over the tensor's elements, on both sides.
        slack = 10 * max(theirs.std(correction=0).item(), 1e-12) / ours.numel() ** 0.5
        assert abs(ours.mean() - theirs.mean()) <= slack, (name, ours.mean(), theirs.mean())
        assert abs(ours.std(correction=0) - theirs.std(correction=0)) <= slack, (name, ours.std(), theirs.std())
    print("same deviations", len(own))


def tokenizer(out, expected):
    load(out)
    with open(expected, encoding="utf-8") as file:
        fixture = json.load(file)
    tokenizer = AutoTokenizer.from_pretrained(out)
    ids = [tokenizer(text)["input_ids"] for text in fixture["texts"]]
    assert ids == fixture["ids"]["smollm"], ids
    print("same ids", len(ids))


{"blocks": blocks, "random": random, "tokenizer": tokenizer}[sys.argv[1]](*sys.argv[2:])
