"""What the scripts of this folder share: loading, the fixed batch, log-likelihoods and rounding."""

import json
import os
from pathlib import Path

# The scripts only read local folders; without this, loading a folder that lacks a file asks the hub for it.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import torch.nn.functional as F
from safetensors import safe_open
from transformers import AutoModelForCausalLM
from transformers.utils import logging

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "models"

logging.disable_progress_bar()
torch.set_num_threads(1)  # Sums are then taken in the same order at every run.


def load(folder, attention="eager"):
    """The checkpoint in float32 with dropout off, on the CPU."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention)
    return model.eval()


def tensor_names(folder):
    """Names of the tensors as the checkpoint's files spell them."""
    names = set()
    for file in sorted(Path(folder).glob("*.safetensors")):
        with safe_open(file, "pt") as tensors:
            names.update(tensors.keys())
    return names


def stored_parameters(model, folder):
    """Trainable tensors under their stored names; a tied head occurs once, as the embedding."""
    stored = tensor_names(folder)
    parameters = {}
    for name, parameter in model.named_parameters():
        bare = name.split(".", 1)[-1]
        parameters[name if name in stored else bare] = parameter
    if missing := parameters.keys() ^ stored:
        raise SystemExit(f"{folder}: names differ between the model and its files: {sorted(missing)}")
    return dict(sorted(parameters.items()))


def batch_loss(logits, targets):
    """Mean cross-entropy in nats over every position of [B, T, V] against [B, T]."""
    return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


@torch.no_grad()
def loglikelihood(model, context, continuation):
    """One lm-eval request: read all but the last token, score the last `len(continuation)` positions."""
    read = (context + continuation)[:-1]
    log_probabilities = F.log_softmax(model(torch.tensor([read])).logits[0].float(), dim=-1)
    scored = log_probabilities[-len(continuation) :]
    targets = torch.tensor(continuation)
    return {
        "input": read,
        "targets": continuation,
        "loglikelihood": digits(scored.gather(1, targets[:, None]).sum().item(), 9),
        "greedy": bool((scored.argmax(dim=-1) == targets).all()),
    }


@torch.no_grad()
def greedy_continuation(model, context, length):
    """The `length` tokens the model itself prefers after `context`."""
    ids = list(context)
    for _ in range(length):
        ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[len(context) :]


def picked_logits(logits):
    """All logits at a few positions of a [2, T, V] batch: first, middle and last."""
    last = logits.shape[1] - 1
    positions = [(0, 0), (0, last // 2), (0, last), (1, 1), (1, last)]
    return [
        {"row": row, "position": position, "values": [digits(v) for v in logits[row, position].tolist()]}
        for row, position in positions
    ]


def digits(value, significant=7):
    return float(f"{value:.{significant}g}")


def write_json(path, value):
    """One line per list item or key at the top two levels, so that a changed number is a short diff."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_lines(value, 3, "") + "\n", encoding="utf-8")
    print(f"{path} {path.stat().st_size} bytes")


def _lines(value, depth, indent):
    nested = isinstance(value, (dict, list)) and any(isinstance(v, (dict, list)) for v in _values(value))
    if depth == 0 or not nested:
        return json.dumps(value)
    inner = indent + " "
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(key)}: {_lines(item, depth - 1, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _lines(item, depth - 1, inner) for item in value) + f"\n{indent}]"


def _values(value):
    return value.values() if isinstance(value, dict) else value
