"""Writes <out>/<name>/expected.json: logits, loss, gradients and log-likelihoods of checkpoints.

usage: python test/reference/models/make_logits.py [--out DIR] [--models DIR] [--checkpoint NAME=FOLDER ...]

Without --checkpoint: the checkpoints of make_checkpoints.py, read from --models. With it: only the given folders,
whose weights stay where they are.
"""

import argparse
import zlib
from pathlib import Path

import torch
from tokenizers import Tokenizer

from make_checkpoints import CHECKPOINTS
from reference import (
    FIXTURES,
    batch_loss,
    digits,
    greedy_continuation,
    load,
    loglikelihood,
    picked_logits,
    stored_parameters,
    write_json,
)

ENGLISH = [
    "Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her red ball.",
    "One day, Tom saw a big dog. The dog was very sad. Tom wanted to help the dog find a new friend to play with.",
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=FIXTURES)
    arguments.add_argument("--models", type=Path, default=FIXTURES, help="where make_checkpoints.py wrote")
    arguments.add_argument("--checkpoint", action="append", default=[], metavar="NAME=FOLDER")
    options = arguments.parse_args()
    folders = dict(item.split("=", 1) for item in options.checkpoint)
    for name, folder in (folders or {name: options.models / name for name in CHECKPOINTS}).items():
        write_json(options.out / name / "expected.json", expected(name, Path(folder)))


def expected(name, folder):
    model = load(folder)
    sequences = sample_sequences(name, folder, model.config)
    inputs, targets = sequences[:, :-1], sequences[:, 1:]
    logits = model(inputs).logits
    if logits.std(dim=-1).mean() < 0.3:
        raise SystemExit(f"{name}: logits are near-uniform; a wrong model could pass")
    loss = batch_loss(logits, targets)
    loss.backward()
    gradients = {key: tensor.grad for key, tensor in stored_parameters(model, folder).items()}
    return {
        "model": name,
        "precision": "float32",
        "inputIds": inputs.tolist(),
        "targetIds": targets.tolist(),
        "loss": digits(loss.item(), 9),
        "logits": picked_logits(logits.detach()),
        "requests": requests(model, sequences.tolist()),
        "gradients": {
            "globalNorm": digits(torch.stack([g.double().norm() for g in gradients.values()]).norm().item(), 9),
            "tensors": {
                key: {
                    "shape": list(gradient.shape),
                    "norm": digits(gradient.double().norm().item()),
                    "first": [digits(v) for v in gradient.flatten()[:4].tolist()],
                }
                for key, gradient in gradients.items()
            },
        },
    }


def sample_sequences(name, folder, config):
    """Token ids [2, T+1]: what the model was trained on where that is known, else random with token 0 among them."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    if (folder / "tokenizer.json").exists():
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return torch.tensor([tokenizer.encode(text).ids[:25] for text in ENGLISH])
    if config.vocab_size == 3:  # the sorting model: six letters, then the same six in order
        letters = torch.randint(3, (2, 6), generator=generator)
        return torch.cat([letters, letters.sort(dim=1).values], dim=1)
    sequences = torch.randint(config.vocab_size, (2, 25), generator=generator)
    sequences[0, 0] = 0  # so that the first values of the embedding's gradient are not all zero
    return sequences


def requests(model, sequences):
    """Continuations of 1, 2 and 5 tokens: two share a context, half are the model's own first choice."""
    first, second = sequences
    half = len(first) // 2
    shared = first[:half]
    pairs = [
        (shared, greedy_continuation(model, shared, 1)),
        (shared, [(t + 1) % model.config.vocab_size for t in greedy_continuation(model, shared, 1)]),
        (second[: half - 1], second[half - 1 : half + 1]),
        (second[:3], greedy_continuation(model, second[:3], 2)),
        (first[: half + 1], first[half + 1 : half + 6]),
        (second[:half], greedy_continuation(model, second[:half], 5)),
    ]
    return [loglikelihood(model, context, continuation) for context, continuation in pairs]


if __name__ == "__main__":
    main()
