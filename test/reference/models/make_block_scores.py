"""Writes test/fixtures/models/block-scores.json: what transformers says about every block of the small checkpoints on a text.

Block influence (ShortGPT, arXiv 2403.03853), attention rank and mass (Inheritune, arXiv 2404.08634 v4), attention to the first
token, length of the residual stream. In float32, summed in float64.

    python test/reference/models/make_block_scores.py [--out DIR] [--models DIR]
    python test/reference/models/make_block_scores.py --print FOLDER --ids tokens.bin [--windows N] [--length T]
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from reference import FIXTURES, load

MODELS = ["llama-tied", "llama-untied", "llama-bf16-sharded", "gpt2-tied", "gpt2-inverse"]
SHARE = 0.9
# A rank this near to another one (as a share of the sum) could depend on rounding in float32, which is ten times smaller.
MARGIN = 2e-6


def count_holding(values):
    """How many of the values, largest first, hold SHARE of their sum; and how near that is to another number."""
    held = np.cumsum(np.sort(values)[::-1]) / values.sum()
    margin = np.abs(held - SHARE).min()
    return int(np.searchsorted(held, SHARE)) + 1, margin


def cosine_distance(a, b):
    a, b = a.double(), b.double()
    return 1 - torch.nn.functional.cosine_similarity(a, b, dim=-1)


@torch.inference_mode()
def block_scores(folder, windows):
    """The scores, and how near the nearest rank is to another one."""
    model = load(folder)
    blocks = model.model.layers if hasattr(model, "model") else model.transformer.h
    seen = {}
    for index, block in enumerate(blocks):
        # hidden_states[-1] of transformers stands behind the final norm; a hook sees the block itself.
        block.register_forward_hook(
            lambda _, args, output, index=index: seen.__setitem__(
                index, (args[0], output[0] if isinstance(output, tuple) else output)
            )
        )
    names = ["blockInfluence", "firstTokenAttention", "residualNorm"]
    sums = [{name: 0.0 for name in names} for _ in blocks]
    ranks = [0 for _ in blocks]
    columns = [0 for _ in blocks]
    margins = []
    for ids in windows:
        output = model(torch.tensor(ids[None].astype(np.int64)), output_attentions=True, output_hidden_states=True)
        for index, attention in enumerate(output.attentions):
            before, after = seen[index]
            assert torch.equal(before, output.hidden_states[index])
            attention = attention[0].double()  # [H, T, T]
            sums[index]["blockInfluence"] += cosine_distance(before, after).mean().item()
            sums[index]["residualNorm"] += after.double().norm(dim=-1).mean().item()
            sums[index]["firstTokenAttention"] += attention[:, 1:, 0].mean().item()
            energies = torch.linalg.svdvals(attention).square().numpy()
            counted = [count_holding(head) for head in energies]
            weighed = [count_holding(head) for head in attention.square().sum(dim=1).numpy()]
            margins += [margin for _, margin in counted + weighed]
            ranks[index] += np.array([rank for rank, _ in counted])
            columns[index] += np.array([count for count, _ in weighed])
    n = len(windows)
    scores = [
        {
            "block": index,
            **{name: float(f"{total / n:.9g}") for name, total in sums[index].items()},
            "headRanks": [float(rank) for rank in ranks[index] / n],
            "attentionRank": float((ranks[index] / n).max()),
            "attentionColumns": float((columns[index] / n).max()),
        }
        for index in range(len(blocks))
    ]
    return scores, min(margins)


def windows_of(file, count, length):
    ids = np.fromfile(file, dtype=np.uint16)
    count = min(count, len(ids) // length)
    return ids[: count * length].reshape(count, length)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=FIXTURES)
    parser.add_argument("--out", type=Path, default=FIXTURES)
    parser.add_argument("--print", type=Path, dest="folder", help="print the scores of this checkpoint instead")
    parser.add_argument("--ids", type=Path, default=FIXTURES / "tokens.bin", help="uint16 ids")
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--length", type=int, default=40)
    options = parser.parse_args()
    windows = windows_of(options.ids, options.windows, options.length)
    if options.folder is not None:
        print(json.dumps(block_scores(options.folder, windows)[0], indent=2))
        return
    scores = {}
    for name in MODELS:
        blocks, margin = block_scores(options.models / name, windows)
        assert margin > MARGIN, f"a rank of {name} is within {margin:.1e} of another one: take other windows"
        scores[name] = blocks
        rounded = {tuple(block["headRanks"]) for block in blocks}
        assert len(rounded) == len(blocks), f"{name}: two blocks have equal ranks, which could not tell them apart"
    result = {"tokens": "tokens.bin", "windows": options.windows, "windowLength": options.length, "models": scores}
    (options.out / "block-scores.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
