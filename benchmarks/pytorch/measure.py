"""What train_step.py and score.py share: their options, the model, the token batches and the line protocol."""

import argparse
import json
import resource
import sys
import time

import numpy as np
import torch

import model as plain


def options(description, **defaults):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", metavar="FOLDER", help="Hugging Face folder; without it random weights of this shape:")
    parser.add_argument("--family", choices=["llama", "gpt2"], default="llama")
    for name, value in {
        "layers": 15, "hidden": 576, "heads": 9, "kv-heads": 3, "ffn": 1536, "vocabulary": 49152, "positions": 2048,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"default {value}")
    parser.add_argument("--theta", type=float, default=100000.0)
    parser.add_argument("--untied", action="store_true")
    parser.add_argument("--tokens", metavar="FILE", help="uint16 ids, read in order; without it uniform random ids")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32", help="bfloat16: autocast over float32 weights")
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--impl", choices=["plain", "transformers"], default="plain")
    parser.add_argument("--warmup", type=int, default=2, help="unmeasured steps before the first (default 2)")
    parser.add_argument("--steps", type=int, default=10, help="measured steps (default 10)")
    parser.add_argument("--serve", action="store_true", help="instead of --steps, one step for every line `step` on stdin")
    return parser


def prepare(o):
    """The model on its device, as a function from ids [B, T] to hidden states or logits, uncompiled."""
    torch.set_num_threads(o.threads)
    torch.manual_seed(0)
    if o.impl == "transformers":
        return transformers_model(o).to(o.device)
    return (plain.load(o.model) if o.model else plain.Decoder(shape(o))).to(o.device)


def shape(o):
    llama = o.family == "llama"
    return plain.Shape(
        o.family, o.vocabulary, o.hidden, o.ffn, o.layers, o.heads, o.kv_heads if llama else o.heads,
        o.hidden // o.heads, o.positions, 1e-5, theta=o.theta, tied=not o.untied,
    )


def transformers_model(o):
    from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig

    settings = {"dtype": torch.float32, "attn_implementation": "sdpa"}
    if o.model:
        return AutoModelForCausalLM.from_pretrained(o.model, **settings)
    if o.family == "gpt2":
        config = GPT2Config(
            vocab_size=o.vocabulary, n_embd=o.hidden, n_inner=o.ffn, n_layer=o.layers, n_head=o.heads,
            n_positions=o.positions, tie_word_embeddings=not o.untied,
        )
    else:
        config = LlamaConfig(
            vocab_size=o.vocabulary, hidden_size=o.hidden, intermediate_size=o.ffn, num_hidden_layers=o.layers,
            num_attention_heads=o.heads, num_key_value_heads=o.kv_heads, max_position_embeddings=o.positions,
            rms_norm_eps=1e-5, rope_parameters={"rope_theta": o.theta, "rope_type": "default"},
            tie_word_embeddings=not o.untied,
        )
    return AutoModelForCausalLM.from_config(config, **settings)


def logits_of(net, o):
    """A function from ids to logits."""
    if o.impl == "transformers":
        return lambda ids: net(ids, use_cache=False).logits
    return net


def compiled(function, o):
    return torch.compile(function) if o.mode == "compile" else function


def autocast(o):
    return torch.autocast(o.device.split(":")[0], dtype=torch.bfloat16, enabled=o.precision == "bfloat16")


def batches(o, vocabulary):
    """Endless [B, T+1] batches: window i is tokens i*T .. i*T+T, in order."""
    if o.tokens:
        tokens = np.fromfile(o.tokens, dtype="<u2")
    else:
        tokens = np.random.default_rng(0).integers(vocabulary, size=64 * o.batch * o.length + 1)
    windows = (len(tokens) - 1) // o.length
    if windows < 1:
        raise SystemExit(f"--tokens {o.tokens} has {len(tokens)} ids; --length {o.length} needs one more than that")
    at = 0
    while True:
        starts = [(at + row) % windows * o.length for row in range(o.batch)]
        at += o.batch
        rows = [tokens[start : start + o.length + 1] for start in starts]
        yield torch.from_numpy(np.stack(rows).astype(np.int64)).to(o.device)


def measure(step, o, net, **facts):
    """Runs `step() -> loss` and prints one JSON line for each, after a line that says it is ready."""
    for _ in range(o.warmup):
        step()
    say(
        ready=True,
        parameters=sum(p.numel() for p in net.parameters()),
        torch=torch.__version__,
        threads=torch.get_num_threads(),
        **{name: getattr(o, name) for name in ("device", "precision", "mode", "impl", "batch", "length")},
        **facts,
    )
    if not o.serve:
        for _ in range(o.steps):
            timed(step, o)
        return
    for line in sys.stdin:
        if line.strip() == "step":
            timed(step, o)
        elif line.strip() == "quit":
            return
        else:
            say(error=f"{line.strip()!r} is neither step nor quit")


def timed(step, o):
    begin = time.perf_counter()
    loss = step()  # a Python float: reading it waits for the device
    synchronize(o)
    say(seconds=time.perf_counter() - begin, loss=loss, **peak_memory(o))


def synchronize(o):
    if o.device.startswith("cuda"):
        torch.cuda.synchronize()


def peak_memory(o):
    """ru_maxrss is in kB on Linux and in bytes on macOS."""
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if o.device.startswith("cuda"):
        return {"peakRssBytes": resident, "peakDeviceBytes": torch.cuda.max_memory_allocated()}
    return {"peakRssBytes": resident}


def say(**line):
    print(json.dumps(line), flush=True)
