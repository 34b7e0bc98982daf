"""Writes what Python, lm-eval 0.4.13 and tokenizers answer, for the tests of src/evaluate.

    python test/reference/lm_eval_tasks.py TEXT_FILE

TEXT_FILE is any English text of some 100 kB; two tiny tokenizers are trained on it. Needs lm-eval 0.4.13, torch,
transformers and tokenizers. Output: test/fixtures/evaluate/python-values.json and encode-request.json.
"""

import json
import random
import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "evaluate"


def draws(seed):
    """Samples in sequence from one generator: both of CPython's ways, and the switch between them."""
    generator = random.Random(seed)
    first = [generator.getrandbits(32) for _ in range(3)]
    sizes = [(1, 1), (21, 5), (22, 5), (5, 5), (85, 6), (86, 6), (635, 6), (100, 22), (2000, 25), (392702, 6), (30, 0)]
    samples = [{"n": n, "k": k, "drawn": generator.sample(range(n), k)} for n, k in sizes * 2]
    # After more than 624 outputs the state has been regenerated.
    late = [generator.sample(range(40398), 6) for _ in range(150)][-1]
    return {"seed": seed, "first": first, "samples": samples, "late": late}


def python_values():
    chars = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    texts = ["", " \t\n", "\ufeff a \ufeff", "\x1c\x1d x y\x1e\x1f\x85", "\u2028a\u00a0b\u3000", "no", "\u200b a\u180e "]
    return {
        "random": [draws(seed) for seed in (1234, 0, 1, 42, 4294967295, 2147483648)],
        "spaces": [ord(c) for c in chars if c.isspace()],
        "texts": [{"text": t, "strip": t.strip(), "rstrip": t.rstrip(), "split": t.split(), "length": len(t)} for t in texts],
    }


def tiny_tokenizers(text):
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    lines = text.splitlines()
    gpt2 = Tokenizer(models.BPE())
    gpt2.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    gpt2.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    gpt2.train_from_iterator(
        lines, trainers.BpeTrainer(vocab_size=420, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet)
    )
    # As LLaMA's: spaces become U+2581, no pre-tokenizer, so that merges cross word borders; BOS in front.
    llama = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    llama.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    llama.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=420, special_tokens=["<unk>", "<s>", "</s>"]))
    llama.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return {
        "gpt2": (gpt2, {"eos_token": "<|endoftext|>"}),
        "llama": (llama, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}),
    }


CASES = [
    ("What shall we do?", " Go home"),
    ("What shall we do?", " A"),
    ("What shall we do?", " B"),
    ("What shall we do? ", "Go home"),
    ("What shall we do?\n\n \t", "Go home"),
    ("thou ar", "t my lord"),  # a merge crosses the border
    ("my lo", "rd, my"),
    ("", " the king"),
    ("", "<s> the king"),
    ("", "<|endoftext|> the king"),
    ("<s>The king", " is here"),
    ("<|endoftext|>The king", " is here"),
    ("First Citizen: before we proceed any further, hear me speak", " Speak, speak."),
    ("First Citizen: before we proceed any further, hear me speak", " S"),
    ("short", " a continuation that is nearly as long"),
    ("short", " a continuation that is much longer than the whole context length of the model, by far"),
    ("no continuation", ""),
    ("   ", "only white space"),
]


def encodings(text):
    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    size = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=512, **size))
    result = {}
    for name, (tokenizer, special) in tiny_tokenizers(text).items():
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
        runs = []
        for add_bos in (None, True, False):
            lm = HFLM(pretrained=model, tokenizer=fast, max_length=24, batch_size=1, add_bos_token=add_bos)
            seen = {}
            call, score = lm._model_call, lm._loglikelihood_tokens
            lm._model_call = lambda inps, *a, **k: (seen.update(input=inps[0].tolist()), call(inps, *a, **k))[1]
            lm._loglikelihood_tokens = lambda reqs, **k: (seen.update(targets=reqs[0][2]), score(reqs, **k))[1]
            for context, continuation in CASES:
                seen.clear()
                request = Instance("loglikelihood", {}, (context, continuation), 0)
                case = {"addBos": add_bos, "context": context, "continuation": continuation}
                try:
                    lm.loglikelihood([request], disable_tqdm=True)
                    runs.append({**case, **seen})
                except (AssertionError, IndexError) as error:
                    runs.append({**case, "refused": type(error).__name__})
        result[name] = {
            "maxLength": 24,
            "special": {**special, "bosTokenId": fast.bos_token_id, "eosTokenId": fast.eos_token_id},
            "tokenizer": json.loads(tokenizer.to_str()),
            "cases": runs,
        }
    return result


def main():
    text = Path(sys.argv[1]).read_text()[:100_000]
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name, value in {"python-values": python_values(), "encode-request": encodings(text)}.items():
        (FIXTURES / f"{name}.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
