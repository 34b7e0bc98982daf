"""Writes test/fixtures/data: small tokenizers of every supported kind, and the ids Python `tokenizers` gives.

    python test/reference/data/tokenizer_fixtures.py [--stories FILE] [--smollm2 FILE]

The tokenizers of stories260k and SmolLM2 are not stored, only their ids; name their tokenizer.json to write those again.
Needs `tokenizers` 0.23 (any 0.2x gives the same ids).
"""

import argparse
import json
import pathlib

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

ROOT = pathlib.Path(__file__).resolve().parents[3]
OUT = ROOT / "test/fixtures/data"
LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TRAINING_TEXT = [
    "The quick brown fox jumps over the lazy dog, and then it doesn't stop; they've all seen that it'll run again.",
    "Once upon a time there was a little girl who lived with her mother. She said: \"I'm going to the river!\"",
    "In 1984 and 2024 there were 12345 people in the town of São Paulo, naïve café visitors, and 3.14159 of them left.",
    "def main(argument):\n    if argument is None:\n        return 0\n\treturn argument * 2\r\n",
    "Привет, мир! Это небольшой текст. 你好，世界。 こんにちは世界。 مرحبا بالعالم  שלום עולם",
    "    indented      text    with   runs  of spaces    and\n\n\n\nnew lines\n\n",
] * 3

TEXTS = [
    "",
    " ",
    "a",
    "Hello, world!",
    "The quick brown fox jumps over the lazy dog.",
    " leading and trailing ",
    "they've I'll DON'T it's can't we're I'd I'm THEY'VE",
    "   three   spaces   between   ",
    " " * 40 + "x" + " " * 17,
    "\n\n\n\t\t \n x\n\n",
    "line one\r\nline two\r\n\r\nline four\rfive",
    "tabs\tand\vvertical\fform feeds",
    "0 12 345 6789 1234567890 3.14159 1,000,000 007",
    "Arabic-Indic \u0661\u0662\u0663, Devanagari \u0967\u0968, roman \u2167, half \u00bd, squared \u00b2, circled \u2460\u2461",
    "next\u0085line and\u0085\u0085two \u0085 spaced",
    "\ufeffbyte order mark \ufeff inside\ufeff",
    "no\u00a0break \u2003em \u2028line\u2029para \u3000wide \u200bzero \u180e mongolian",
    "NUL \x00 and \x00\x00 control \x01\x1b\x1c\x1f\x7f",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 flag \U0001f1e9\U0001f1ea skin \U0001f44d\U0001f3fd heart \u2764\ufe0f",
    "combining e\u0301 a\u030a n\u0303 \u1e9b\u0323 z\u0335\u0321\u0322\u0327 zalgo",
    "composed \u00e9\u00e5\u00f1 \ufb01 ligature \u212b angstrom \uac00\u1100\u1161",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u202eoverride\u202c \u05e9\u05dc\u05d5\u05dd",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u3053\u3093\u306b\u3061\u306f \ud55c\uad6d\uc5b4 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "astral \U00010348\U0001d4d0\U0002070e \U0010ffff private \ue000",
    "\u0130stanbul \u00df \u03a3\u03a3 \u0149 \u01c5 case",
    "!@#$%^&*()_+-=[]{}|;':\",./<>?`~ \u2018quotes\u2019 \u201cdouble\u201d \u2014 dash\u2026",
    "\u2581 already \u2581\u2581 metaspace \u2581",
    "<s> </s> <unk> <|endoftext|> <|endoftext|>text<|endoftext|>",
    "<|end", "|endoftext|>", "<<|endoftext|>>", "<0x41> <0xE2>",
    "x  <lstrip>  y  <rstrip>  z <word>s sword<word> <word> a<word>, <both>  \n <both>",
    "STRASSE<norm> <NORM> <norm>",
    "def main():\n    return 0\n\n\tif x:\r\n\t\tpass",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "thethethethethethethe the the  the",
    "one\u200btwo\u200cthree\u200dfour\u2060five",
    "e" + "\u0301" * 30,
    "http://example.org/a/b?c=d&e=f#g user@example.org",
    "Once upon a time, there was a little girl named Lily.\nShe loved to play outside in the park.",
]


def byte_level(vocabulary, pre_tokenizer, special=("<|endoftext|>",), **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        TRAINING_TEXT,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=list(special),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def gpt2_like():
    tokenizer = byte_level(420, pre_tokenizers.ByteLevel(add_prefix_space=False))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def prefix_space():
    return byte_level(380, pre_tokenizers.ByteLevel(add_prefix_space=True))


def smollm_like():
    return byte_level(
        420,
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        ),
    )


def llama3_like():
    tokenizer = byte_level(
        450,
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(LLAMA3_PATTERN), "isolated", invert=False),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        ),
        special=("<s>", "<|endoftext|>"),
        ignore_merges=True,
    )
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)]),
        ]
    )
    return tokenizer


def added_tokens():
    """NFC and every flag an added token can have."""
    tokenizer = byte_level(
        400,
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=False),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        ),
    )
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True)])
    tokenizer.add_tokens(
        [
            AddedToken("<lstrip>", lstrip=True, normalized=False),
            AddedToken("<rstrip>", rstrip=True, normalized=False),
            AddedToken("<both>", lstrip=True, rstrip=True, normalized=True),
            AddedToken("<word>", single_word=True, normalized=False),
            AddedToken("<norm>", normalized=True),
            AddedToken("e\u0301", normalized=True),
            AddedToken("  ", normalized=False),
        ]
    )
    return tokenizer


def sentencepiece_like(pre_tokenizer, normalizer, decoder):
    """BPE over characters with byte fallback, as converted SentencePiece models are."""
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\u2581", "merged_with_next")
    tokenizer.train_from_iterator(
        TRAINING_TEXT[:3],
        trainers.BpeTrainer(
            vocab_size=480,
            special_tokens=["<unk>", "<s>", "</s>", *bytes_],
            show_progress=False,
        ),
    )
    stored = json.loads(tokenizer.to_str())
    stored["added_tokens"] = stored["added_tokens"][:3]
    tokenizer = Tokenizer.from_str(json.dumps(stored))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="$A $B", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    return tokenizer


def llama2_like():
    tokenizer = sentencepiece_like(
        pre_tokenizers.Metaspace(),
        normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]),
        decoders.Sequence(
            [
                decoders.Replace("\u2581", " "),
                decoders.ByteFallback(),
                decoders.Fuse(),
                decoders.Strip(" ", 1, 0),
            ]
        ),
    )
    stored = json.loads(tokenizer.to_str())
    stored["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(stored))
    tokenizer.add_tokens([AddedToken("<norm>", normalized=True), AddedToken("<word>", normalized=False)])
    return tokenizer



def metaspace_first():
    return sentencepiece_like(
        pre_tokenizers.Metaspace(prepend_scheme="first", split=True),
        None,
        decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")]),
    )


def metaspace_always():
    return sentencepiece_like(
        pre_tokenizers.Metaspace(prepend_scheme="always", split=False), None, decoders.Metaspace()
    )


def crossing_merges():
    """No pre-tokenizer in training either: merges join words, so a text may not be cut at its spaces."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.decoder = decoders.Replace("\u2581", " ")
    tokenizer.train_from_iterator(
        TRAINING_TEXT, trainers.BpeTrainer(vocab_size=400, special_tokens=["<unk>"], show_progress=False)
    )
    return tokenizer


def unknown_words():
    """No byte fallback: unknown characters become <unk>, fused within a word only."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(
        TRAINING_TEXT[:3],
        trainers.BpeTrainer(vocab_size=200, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False),
    )
    tokenizer.post_processor = processors.BertProcessing(("</s>", 2), ("<s>", 1))
    return tokenizer


KINDS = [
    gpt2_like,
    prefix_space,
    smollm_like,
    llama3_like,
    added_tokens,
    llama2_like,
    metaspace_first,
    metaspace_always,
    crossing_merges,
    unknown_words,
]


def cases(tokenizer):
    stored = json.loads(tokenizer.to_str())["added_tokens"]
    # 0.23 decodes these to their normalized form, earlier versions to what the file says: not held to either.
    renamed = {token["id"] for token in stored if tokenizer.id_to_token(token["id"]) != token["content"]}
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        yield {
            "text": text,
            "ids": ids,
            "plainIds": tokenizer.encode(text, add_special_tokens=False).ids,
            "decoded": None if renamed & set(ids) else tokenizer.decode(ids, skip_special_tokens=False),
        }


def split_behaviors():
    """What `Split` and its relatives make of texts, every behaviour both ways round."""
    texts = ["", "a", "--a--b-c---", "-", "a1b22c333", " \u0085\ufeffx  y\u00bd\u0663 ", "no delimiter", "---"]
    behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
    patterns = [{"String": "-"}, {"Regex": "-+"}, {"Regex": "\\d"}, {"Regex": "\\s+"}]
    specs = [
        {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
        for pattern in patterns
        for behavior in behaviors
        for invert in (False, True)
    ]
    specs += [{"type": "Digits", "individual_digits": flag} for flag in (False, True)]
    specs += [{"type": "Whitespace"}, {"type": "WhitespaceSplit"}]
    for spec in specs:
        step = Tokenizer(models.BPE())
        stored = json.loads(step.to_str()) | {"pre_tokenizer": spec}
        step = Tokenizer.from_str(json.dumps(stored)).pre_tokenizer
        yield {"spec": spec, "pieces": [[text, [piece for piece, _ in step.pre_tokenize_str(text)]] for text in texts]}


def write(name, tokenizer, store):
    if store:
        # Python's compact form keeps these files small; the content is what `tokenizers` itself saves.
        stored = json.loads(tokenizer.to_str())
        (OUT / f"{name}.tokenizer.json").write_text(json.dumps(stored, ensure_ascii=True, separators=(",", ":")) + "\n")
    fixture = {"vocabularySize": tokenizer.get_vocab_size(), "cases": list(cases(tokenizer))}
    (OUT / f"{name}.ids.json").write_text(json.dumps(fixture, ensure_ascii=True, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories")
    parser.add_argument("--smollm2")
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        write(kind.__name__.replace("_", "-"), kind(), store=True)
    behaviors = json.dumps(list(split_behaviors()), ensure_ascii=True, separators=(",", ":"))
    (OUT / "split-behaviors.json").write_text(behaviors + "\n")
    for name, path in (("stories260k", arguments.stories), ("smollm2", arguments.smollm2)):
        if path:
            write(name, Tokenizer.from_file(path), store=False)


if __name__ == "__main__":
    main()
