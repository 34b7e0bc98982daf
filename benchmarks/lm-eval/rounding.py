"""Says how far lm-eval's and our float32 log-likelihoods are from the same model computed in float64.

    python benchmarks/lm-eval/rounding.py --model MODEL --data ROWS --tasks nine,mmlu --limit 5 --mmlu-limit 1 \
        --float32 theirs.json --results ours.json

`--float32` is what `compare.py --save` wrote. float64 is lm-eval's own `hf` model with that dtype, and with the parts of
transformers' LLaMA that compute in float32 whatever the dtype is replaced. The angles of the rotary embedding stay what they
are in float32: both sides define them so.
"""

import argparse
import json
import math
from pathlib import Path

import torch
from compare import add_run_options, lm_eval_numbers, ours_of
from transformers.models.llama import modeling_llama


class RMSNorm(modeling_llama.LlamaRMSNorm):
    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))


class RotaryEmbedding(modeling_llama.LlamaRotaryEmbedding):
    @torch.no_grad()
    def forward(self, x, position_ids):
        half = position_ids[..., None].float() * self.inv_freq.float()
        angles = torch.cat((half, half), dim=-1).to(x.dtype)
        return angles.cos(), angles.sin()


def loglikelihoods(numbers):
    """(task, item, choice) -> nats"""
    return {
        (name, item["id"], choice): value
        for name, task in numbers["tasks"].items()
        for item in task["items"]
        for choice, value in enumerate(item["loglikelihoods"])
    }


def root_mean_square(values):
    return math.sqrt(sum(value * value for value in values) / len(values))


def line(name, differences, exact):
    at, worst = max(differences.items(), key=lambda entry: abs(entry[1]))
    return (
        f"| {name} | {abs(worst):.1e} | {abs(worst / exact[at]):.1e} | {root_mean_square(differences.values()):.1e} | "
        f"{exact[at]:.1f} | {at[0]} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_run_options(parser)
    parser.add_argument("--float32", required=True, help="written by compare.py --save")
    parser.add_argument("--save", help="where the float64 numbers are written")
    options = parser.parse_args()

    modeling_llama.LlamaRMSNorm = RMSNorm
    modeling_llama.LlamaRotaryEmbedding = RotaryEmbedding
    numbers = lm_eval_numbers(options, dtype="float64")
    if options.save:
        Path(options.save).write_text(json.dumps(numbers, separators=(",", ":")) + "\n")
    exact = loglikelihoods(numbers)
    theirs = loglikelihoods(json.loads(Path(options.float32).read_text()))
    ours = loglikelihoods(ours_of(options.results))
    print("| | largest difference | of the log-likelihood | root mean square | log-likelihood | task |")
    print("| :- | -: | -: | -: | -: | :- |")
    for name, a, b in (
        ("lm-eval in float32, to float64", theirs, exact),
        ("inheritune, to float64", ours, exact),
        ("inheritune, to lm-eval in float32", ours, theirs),
    ):
        print(line(name, {at: a[at] - b[at] for at in exact}, exact))
    nearer = sum(abs(ours[at] - value) < abs(theirs[at] - value) for at, value in exact.items())
    print(f"\ninheritune is nearer to float64 in {nearer} of {len(exact)} requests.")


if __name__ == "__main__":
    main()
