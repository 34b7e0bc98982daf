"""Compares model.py with transformers: logits, loss and gradient norm of the same folder must agree.

usage: python benchmarks/pytorch/check_model.py FOLDER [FOLDER ...]
"""

import sys

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

import model


def main(folders):
    if not folders:
        raise SystemExit(__doc__)
    for folder in folders:
        plain = model.load(folder)
        peer = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        length = min(33, plain.shape.positions + 1)
        ids = torch.randint(plain.shape.vocabulary, (2, length), generator=torch.Generator().manual_seed(1))
        ours, theirs = plain(ids[:, :-1]), peer(ids[:, :-1]).logits
        difference = ((ours - theirs).abs().max() / theirs.abs().max()).item()
        norms = []
        for net, logits in ((plain, ours), (peer, theirs)):
            F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).backward()
            norms.append(torch.stack([p.grad.norm() for p in net.parameters()]).norm().item())
        relative = abs(norms[0] / norms[1] - 1)
        counts = [sum(p.numel() for p in net.parameters()) for net in (plain, peer)]
        print(f"{folder}: logits differ by {difference:.1e} of the largest, gradient norm by {relative:.1e}, {counts[0]} parameters")
        if difference > 1e-5 or relative > 1e-5 or counts[0] != counts[1]:
            raise SystemExit(f"{folder}: model.py and transformers disagree")


if __name__ == "__main__":
    main(sys.argv[1:])
