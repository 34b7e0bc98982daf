"""Times training steps in PyTorch: forward, backward, clipping and fused AdamW on one batch of --batch x --length tokens.

usage: python benchmarks/pytorch/train_step.py [--model FOLDER] [--batch 1] [--length 512] [--mode compile] [--serve] ...

Prints {"ready": true, ...}, then one line for each measured step: {"seconds", "loss", "peakRssBytes"}.
With --serve a step is taken for every line `step` on stdin, until `quit` or the end of input.
"""

import torch
import torch.nn.functional as F

from measure import autocast, batches, compiled, logits_of, measure, options, prepare


def main():
    parser = options(__doc__)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--clip-norm", type=float, default=1.0)
    o = parser.parse_args()
    # eval() only turns dropout off, as the product trains: gradients flow all the same.
    net = prepare(o).eval()
    parameters = list(net.parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": o.weight_decay},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=o.learning_rate,
        betas=(0.9, 0.95),
        eps=1e-8,
        fused=True,
    )
    logits = logits_of(net, o)

    def loss_of(ids):
        with autocast(o):
            out = logits(ids[:, :-1])
        return F.cross_entropy(out.float().flatten(0, 1), ids[:, 1:].flatten())

    loss_of = compiled(loss_of, o)
    data = batches(o, net.shape.vocabulary if o.impl == "plain" else net.config.vocab_size)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(next(data))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, o.clip_norm)
        optimizer.step()
        return loss.item()

    measure(step, o, net, work="train", tokensPerStep=o.batch * o.length)


if __name__ == "__main__":
    main()
