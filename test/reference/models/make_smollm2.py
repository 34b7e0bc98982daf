"""Writes <out>/expected.json: log-likelihoods of English requests and the mean loss on a text, for a real model.

usage: python test/reference/models/make_smollm2.py FOLDER --text FILE [--out DIR] [--chunks 4] [--chunk-length 1024]

FOLDER is a checkpoint in Hugging Face layout with tokenizer.json, e.g. SmolLM2-135M-Instruct as imported from GGUF.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from reference import FIXTURES, digits, load, loglikelihood, write_json

# Contexts repeat where a scorer may share their work; continuations are one to several tokens, likely and unlikely.
REQUESTS = [
    ("The capital of France is", " Paris"),
    ("The capital of France is", " London"),
    ("The capital of France is", " a city on the river Seine."),
    ("Question: How many legs does a spider have?\nAnswer:", " 8"),
    ("Question: How many legs does a spider have?\nAnswer:", " eight"),
    ("To open a jar whose lid is stuck,", " run hot water over the lid and twist."),
    ("To open a jar whose lid is stuck,", " throw the jar into the sea."),
    ("Once upon a time, there was a little girl who", " lived in a small house near the forest."),
    ("The trophy does not fit in the suitcase because the trophy is too", " big."),
    ("The trophy does not fit in the suitcase because the trophy is too", " small."),
    ("Water boils at 100 degrees Celsius, that is", " 212 degrees Fahrenheit"),
    # The space belongs to the continuation, as in lm-eval, though it is written on the context.
    ("She said “yes”, and then she ", "smiled at him."),
]
# English has 2 to 5 bytes a token, so this is text enough for the chunks; tokenizing megabytes more would be in vain.
BYTES_PER_TOKEN = 16


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--text", type=Path, required=True)
    arguments.add_argument("--out", type=Path, default=FIXTURES / "smollm2-135m-instruct")
    arguments.add_argument("--chunks", type=int, default=4)
    arguments.add_argument("--chunk-length", type=int, default=1024)
    arguments.add_argument("--threads", type=int, default=1)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = Tokenizer.from_file(str(options.folder / "tokenizer.json"))
    model = load(options.folder, attention="sdpa")
    if options.chunk_length > model.config.max_position_embeddings:
        raise SystemExit(f"--chunk-length is more than the model's {model.config.max_position_embeddings} positions")
    write_json(
        options.out / "expected.json",
        {
            "model": options.folder.resolve().name,
            "precision": "float32",
            "parameters": sum(p.numel() for p in model.parameters()),
            "requests": [request(model, tokenizer, *texts) for texts in REQUESTS],
            "text": text_loss(model, tokenizer, options.text, options.chunks, options.chunk_length),
        },
    )


def request(model, tokenizer, context, continuation):
    """As lm-eval's `_encode_pair`: both together minus the context alone, spaces at the joint go to the continuation."""
    written = {"context": context, "continuation": continuation}
    trailing = len(context) - len(context.rstrip())
    if trailing:
        continuation = context[-trailing:] + continuation
        context = context[:-trailing]
    whole = tokenizer.encode(context + continuation, add_special_tokens=False).ids
    context_ids = tokenizer.encode(context, add_special_tokens=False).ids
    if whole[: len(context_ids)] != context_ids:
        raise SystemExit(f"{context!r} + {continuation!r}: the tokens join across the boundary; choose another request")
    return written | loglikelihood(model, context_ids, whole[len(context_ids) :])


@torch.no_grad()
def text_loss(model, tokenizer, path, chunks, length):
    """Chunk c is tokens c*length .. (c+1)*length-1; its first token is read, not predicted. No special tokens."""
    data = path.read_bytes()
    cut = data[: chunks * length * BYTES_PER_TOKEN].decode("utf-8", errors="ignore")  # drops a character cut in two
    ids = tokenizer.encode(cut, add_special_tokens=False).ids[: chunks * length]
    if len(ids) < chunks * length:
        raise SystemExit(f"{path}: {len(ids)} tokens, {chunks * length} wanted; give a longer text or fewer chunks")
    losses = []
    for chunk in torch.tensor(ids).view(chunks, length):
        losses.append(F.cross_entropy(model(chunk[None, :-1]).logits[0].float(), chunk[1:]).item())
    return {
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "utf8Bytes": len(cut.encode("utf-8")),
        "chunks": chunks,
        "chunkLength": length,
        "firstTokens": ids[:32],
        "lastTokens": ids[-32:],
        "tokensSha256": hashlib.sha256(np.array(ids, dtype="<u4").tobytes()).hexdigest(),
        "chunkLosses": [digits(loss, 9) for loss in losses],
        "meanLoss": digits(sum(losses) / len(losses), 9),
    }


if __name__ == "__main__":
    main()
