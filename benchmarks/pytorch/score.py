"""Times scoring in PyTorch: the forward pass and the log-probabilities of the tokens asked for.

usage: python benchmarks/pytorch/score.py [--model FOLDER] [--batch 1] [--length 512] [--requests FILE] [--serve] ...

Without --requests a step scores every token of one batch of --batch x --length. With it, a step scores all requests of
FILE, JSON lines {"input": [ids], "targets": [ids]}, as lm-eval does: longest first, --batch at a time, padded on the
right. Prints {"ready": true, ...}, then one line for each measured step: {"seconds", "loss", "peakRssBytes"}, where loss
is the mean of -log p over the scored tokens. With --out the log-likelihoods of the requests are written, in their order.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

from measure import autocast, batches, compiled, logits_of, measure, options, prepare


def main():
    parser = options(__doc__)
    parser.add_argument("--requests", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON lines {loglikelihood, greedy} of the last step")
    parser.add_argument(
        "--logits", choices=["all", "scored"], default="scored",
        help="all: head and softmax at every position, as lm-eval; scored (plain only): where they are asked for",
    )
    o = parser.parse_args()
    if o.impl == "transformers":
        o.logits = "all"
    net = prepare(o).eval()
    if o.requests:
        step, tokens = request_step(net, o)
    else:
        step, tokens = batch_step(net, o), o.batch * o.length
    measure(step, o, net, work="score", tokensPerStep=tokens, logits=o.logits)


def batch_step(net, o):
    logits = logits_of(net, o)

    def mean_loss(ids):
        with autocast(o):
            out = logits(ids[:, :-1])
        return F.cross_entropy(out.float().flatten(0, 1), ids[:, 1:].flatten())

    mean_loss = compiled(mean_loss, o)
    data = batches(o, net.shape.vocabulary if o.impl == "plain" else net.config.vocab_size)

    @torch.inference_mode()
    def step():
        return mean_loss(next(data)).item()

    return step


def request_step(net, o):
    requests = [json.loads(line) for line in o.requests.read_text().splitlines() if line.strip()]
    if not requests:
        raise SystemExit(f"--requests {o.requests} holds no request")
    order = sorted(range(len(requests)), key=lambda i: -len(requests[i]["input"]))
    groups = [order[at : at + o.batch] for at in range(0, len(order), o.batch)]
    logits = logits_of(net, o)

    def log_probabilities(ids, row, position):
        """Of the whole vocabulary at the N scored positions, [N, V]."""
        with autocast(o):
            if o.logits == "scored":
                return F.log_softmax(net.head(net.hidden(ids)[row, position]).float(), dim=-1)
            return F.log_softmax(logits(ids).float(), dim=-1)[row, position]

    log_probabilities = compiled(log_probabilities, o)
    targets = sum(len(request["targets"]) for request in requests)

    @torch.inference_mode()
    def step():
        results = [None] * len(requests)
        for group in groups:
            items = [requests[i] for i in group]
            width = max(len(item["input"]) for item in items)
            ids = torch.tensor([item["input"] + [0] * (width - len(item["input"])) for item in items])
            row = [r for r, item in enumerate(items) for _ in item["targets"]]
            position = [
                len(item["input"]) - len(item["targets"]) + n for item in items for n in range(len(item["targets"]))
            ]
            wanted = torch.tensor([t for item in items for t in item["targets"]], device=o.device)
            out = log_probabilities(ids.to(o.device), torch.tensor(row), torch.tensor(position))
            values = out.gather(1, wanted[:, None])[:, 0].cpu()
            hits = (out.argmax(dim=-1) == wanted).cpu()
            at = 0
            for i, item in zip(group, items):
                end = at + len(item["targets"])
                results[i] = {"loglikelihood": values[at:end].sum().item(), "greedy": bool(hits[at:end].all())}
                at = end
        if o.out:
            o.out.write_text("".join(json.dumps(result) + "\n" for result in results))
        return -sum(result["loglikelihood"] for result in results) / targets

    return step, sum(len(request["input"]) for request in requests)


if __name__ == "__main__":
    main()
