"""Writes <out>/tokens.bin and <out>/<name>/training.json: a training run of 40 optimizer steps in PyTorch.

usage: python test/reference/models/make_training.py [--out DIR] [--models DIR]

The weights are read from --models (make_checkpoints.py), the fixed batch from <out>/<name>/expected.json (make_logits.py).
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch

from reference import FIXTURES, batch_loss, digits, load, picked_logits, stored_parameters, write_json

# Per model, inside the range of its gradient norms, so that some steps are clipped and some are not.
CLIP_NORM = {"llama-tied": 3.0, "llama-untied": 2.2, "gpt2-tied": 1.0, "gpt2-inverse": 1.0}
VOCABULARY = 96  # fits every model here
# floor((n - 1) / 16) = 201 windows; 40 steps take 240, so the data wraps, in the middle of a micro-batch.
TOKENS = 3222


def settings(clip_norm):
    """In the words of a recipe's `train` section."""
    return {
        "sequenceLength": 16,
        "microBatch": 2,
        "accumulate": 3,
        "steps": 40,
        "order": "sequential",
        "optimizer": {
            "learningRate": 3e-3,
            "minLearningRate": 3e-4,
            "warmupSteps": 5,
            "schedule": "cosine",
            "weightDecay": 0.1,
            "betas": [0.9, 0.95],
            "epsilon": 1e-8,
            "clipNorm": clip_norm,
        },
        "precision": "float32",
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=FIXTURES)
    arguments.add_argument("--models", type=Path, default=FIXTURES, help="where make_checkpoints.py wrote")
    options = arguments.parse_args()
    tokens = markov_tokens()
    tokens.astype("<u2").tofile(options.out / "tokens.bin")
    for name, clip_norm in CLIP_NORM.items():
        batch = json.loads((options.out / name / "expected.json").read_text())
        run = train(options.models / name, tokens, settings(clip_norm), batch)
        clipped = sum(step["gradNorm"] > clip_norm for step in run["steps"])
        losses = [step["loss"] for step in run["steps"]]
        print(f"{name}: {clipped} of 40 steps clipped, loss {losses[0]:.3f} -> {losses[-1]:.3f}")
        if not 5 <= clipped <= 35:
            norms = sorted(step["gradNorm"] for step in run["steps"])
            raise SystemExit(f"{name}: choose another clip norm; gradient norms {norms}")
        if losses[-1] > losses[0] - 0.5:
            raise SystemExit(f"{name}: the loss does not fall")
        other = train(options.models / name, tokens, settings(clip_norm), batch, attention="sdpa")
        write_json(
            options.out / name / "training.json",
            {
                "model": name,
                "tokens": {"file": "../tokens.bin", "count": TOKENS, "windows": (TOKENS - 1) // 16},
                "train": settings(clip_norm),
                **run,
                "roundingNoise": differences(run, other),
            },
        )


def markov_tokens():
    """Every token has three likely successors (0.6, 0.25, 0.1); the rest is uniform. Entropy about 1.3 nats."""
    generator = np.random.default_rng(20240607)
    successors = np.stack([generator.permutation(VOCABULARY)[:3] for _ in range(VOCABULARY)])
    tokens = [0]
    while len(tokens) < TOKENS:
        choice = generator.choice(4, p=[0.6, 0.25, 0.1, 0.05])
        tokens.append(int(successors[tokens[-1], choice] if choice < 3 else generator.integers(VOCABULARY)))
    return np.array(tokens)


def learning_rate(s, steps, o):
    """Optimizer step s counts from 0."""
    if s < o["warmupSteps"]:
        return o["learningRate"] * (s + 1) / o["warmupSteps"]
    progress = (s - o["warmupSteps"]) / (steps - o["warmupSteps"])
    return o["minLearningRate"] + (o["learningRate"] - o["minLearningRate"]) * (1 + math.cos(math.pi * progress)) / 2


def train(folder, tokens, plan, batch, attention="eager"):
    model = load(folder, attention)
    parameters = stored_parameters(model, folder)
    o = plan["optimizer"]
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in parameters.values() if p.ndim >= 2], "weight_decay": o["weightDecay"]},
            {"params": [p for p in parameters.values() if p.ndim < 2], "weight_decay": 0.0},
        ],
        betas=tuple(o["betas"]),
        eps=o["epsilon"],
        foreach=False,
    )
    length, rows = plan["sequenceLength"], plan["microBatch"]
    windows = (len(tokens) - 1) // length
    taken = 0
    steps = []
    for s in range(plan["steps"]):
        rate = learning_rate(s, plan["steps"], o)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        losses = []
        for _ in range(plan["accumulate"]):
            starts = [(taken + row) % windows * length for row in range(rows)]
            taken += rows
            ids = torch.tensor(np.stack([tokens[i : i + length + 1] for i in starts]))  # [B, T+1]
            loss = batch_loss(model(ids[:, :-1]).logits, ids[:, 1:])
            (loss / plan["accumulate"]).backward()
            losses.append(loss.item())
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), o["clipNorm"])
        optimizer.step()
        steps.append(
            {
                "step": s + 1,
                "loss": digits(sum(losses) / len(losses), 9),
                "gradNorm": digits(norm.item(), 9),
                "learningRate": digits(rate, 12),
            }
        )
    with torch.no_grad():
        logits = model(torch.tensor(batch["inputIds"])).logits
        loss = batch_loss(logits, torch.tensor(batch["targetIds"]))
        checksums = {name: checksum(name, tensor) for name, tensor in parameters.items()}
    return {
        "steps": steps,
        "final": {"loss": digits(loss.item(), 9), "logits": picked_logits(logits), "tensors": checksums},
    }


def checksum(name, tensor):
    """Sums in float64. Of a GPT-2 `c_attn.bias` only the query and value thirds count.

    A key bias adds the same amount to all scores of a query, so its gradient is zero but for rounding, and Adam makes
    full-size steps out of rounding. No logit depends on it, and no two implementations agree on it.
    """
    values = tensor.double().flatten()
    if name.endswith("c_attn.bias"):
        third = len(values) // 3
        values = torch.cat([values[:third], values[2 * third :]])
    return {
        "elements": len(values),
        "sum": digits(values.sum().item(), 9),
        "sumOfSquares": digits((values * values).sum().item(), 9),
    }


def differences(run, other):
    """How far the same run drifts when only the order of the attention's sums changes: a scale for tolerances."""
    pairs = list(zip(run["steps"], other["steps"]))
    a, b = run["final"], other["final"]
    logit_pairs = [(x, y) for p, q in zip(a["logits"], b["logits"]) for x, y in zip(p["values"], q["values"])]

    def worst(values):
        return digits(max(values), 2)

    return {
        "loss": worst(abs(x["loss"] - y["loss"]) for x, y in pairs),
        "gradNormRelative": worst(abs(x["gradNorm"] / y["gradNorm"] - 1) for x, y in pairs),
        "finalLoss": worst([abs(a["loss"] - b["loss"])]),
        "finalLogits": worst(abs(x - y) for x, y in logit_pairs),
        "finalSum": worst(abs(t["sum"] - b["tensors"][name]["sum"]) for name, t in a["tensors"].items()),
        "finalSumOfSquaresRelative": worst(
            abs(t["sumOfSquares"] / b["tensors"][name]["sumOfSquares"] - 1) for name, t in a["tensors"].items()
        ),
    }


if __name__ == "__main__":
    main()
