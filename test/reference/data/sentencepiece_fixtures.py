"""Writes test/fixtures/data/sentencepiece: small SentencePiece models, and the ids Python `sentencepiece` gives.

    python test/reference/data/sentencepiece_fixtures.py [--corpus FOLDER]

`<name>.model.gz` is the model, `<name>.ids.json` the ids of texts with nasty Unicode and the number and sha256 of those of the
shipped corpus, which is one long text: unigram sums are rounded there. With `--corpus`, `corpora.json` is
written again: for each model and each file of the folder the sha256 of all ids as little-endian uint32 (a `.txt` file is
one text, a `.jsonl` file one text a line, field `text`); the ids of whole documents are compared without storing them.
Needs `sentencepiece` 0.2.3: earlier versions give other unigram ids on long texts and beside user-defined symbols.
"""

import argparse
import gzip
import hashlib
import io
import json
import pathlib
import struct

import sentencepiece

from tokenizer_fixtures import TEXTS, TRAINING_TEXT

ROOT = pathlib.Path(__file__).resolve().parents[3]
OUT = ROOT / "test/fixtures/data/sentencepiece"
CORPUS = ROOT / "data/corpus/wikitext.txt"

COMMON = dict(hard_vocab_limit=False, num_threads=1, minloglevel=2)
MODELS = {
    # As LLaMA 1 and 2: identity normalization, spaces kept, digits split, bytes for what is unknown.
    "llama-bpe": dict(
        model_type="bpe",
        vocab_size=1200,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        split_digits=True,
        byte_fallback=True,
        allow_whitespace_only_pieces=True,
        character_coverage=0.9995,
    ),
    # As OpenLLaMA: NFKC, spaces in a row are one.
    "nfkc-bpe": dict(
        model_type="bpe", vocab_size=1000, normalization_rule_name="nmt_nfkc", byte_fallback=True
    ),
    # Without bytes unknown characters are one token; symbols of the user's own, one with a space.
    "symbols-bpe": dict(
        model_type="bpe",
        vocab_size=700,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        user_defined_symbols=["<word>", "<both>", "\u2581\u2581", "ab", "\U0001f44d", "the\u2581"],
        character_coverage=0.99,
    ),
    # Merges that go beyond words.
    "crossing-bpe": dict(
        model_type="bpe", vocab_size=700, normalization_rule_name="identity", split_by_whitespace=False
    ),
    # The default type, with bytes for what is unknown.
    "bytes-unigram": dict(
        model_type="unigram",
        vocab_size=1200,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        split_digits=True,
        byte_fallback=True,
        character_coverage=0.9995,
    ),
    # Pieces that go beyond words, unknown characters as one token, and symbols of the user's own.
    "symbols-unigram": dict(
        model_type="unigram",
        vocab_size=700,
        normalization_rule_name="identity",
        split_by_whitespace=False,
        user_defined_symbols=["<word>", "<both>", "\u2581\u2581", "ab", "\U0001f44d", "the\u2581"],
        character_coverage=0.99,
    ),
}


def train(options):
    lines = CORPUS.read_text("utf8").splitlines()[:1500] + TRAINING_TEXT
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for line in lines if line.strip()]), model_writer=model, **COMMON, **options
    )
    return model.getvalue()


def texts():
    yield from TEXTS
    yield "  two  leading and\u3000wide \u00a0 spaces  "
    yield "\uff21\uff22\uff23 full width \u2460 \u00bc \ufb03 \u017f\u0323\u0307 \u01c6"
    yield "\u1e9b\u0323 e\u0301 \u0344 \u2126 \uac00\u1100\u1161\u11a8 \ufdfa"
    yield "zero\u0000width\u200b\u200d\ufeff and \u00ad soft \u202a marks \u2028 \x85 \t\r\n x"
    yield "ab abab <word><both> the  the \u2581\u2581 \U0001f44d\U0001f44d\U0001f3fd"
    yield "\U0001f468\u200d\U0001f469 \U0010ffff\ue000 \ufffd"
    yield " "
    yield "   "


def words_of(path):
    if path.suffix == ".txt":
        return [path.read_bytes().decode("utf8")]
    return [json.loads(line)["text"] for line in path.read_bytes().decode("utf8").split("\n") if line]


def summary(model, path):
    digest = hashlib.sha256()
    count = 0
    for text in words_of(path):
        ids = model.encode(text)
        count += len(ids)
        digest.update(struct.pack(f"<{len(ids)}I", *ids))
    return {"tokens": count, "sha256": digest.hexdigest()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=pathlib.Path)
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    corpora = {}
    for name, options in MODELS.items():
        path = OUT / f"{name}.model.gz"
        if not path.exists():
            path.write_bytes(gzip.compress(train(options), 9, mtime=0))
        model = sentencepiece.SentencePieceProcessor(model_proto=gzip.decompress(path.read_bytes()))
        cases = [
            {"text": text, "ids": (ids := model.encode(text)), "decoded": model.decode(ids)} for text in texts()
        ]
        fixture = {"vocabularySize": model.get_piece_size(), "cases": cases, "corpus": summary(model, CORPUS)}
        (OUT / f"{name}.ids.json").write_text(json.dumps(fixture, ensure_ascii=True, separators=(",", ":")) + "\n")
        if arguments.corpus is None:
            continue
        files = sorted(file for file in arguments.corpus.iterdir() if file.suffix in (".txt", ".jsonl"))
        corpora[name] = {file.name: summary(model, file) for file in files}
    if corpora:
        (OUT / "corpora.json").write_text(json.dumps(corpora, indent=2) + "\n")


if __name__ == "__main__":
    main()
