"""Writes test/fixtures/weights/sentencepiece.json: pieces, scores and types of a small SentencePiece BPE model as a GGUF file would
hold them, texts, and the ids that SentencePiece itself gives. Trained as LLaMA's was: byte fallback, identity normalisation, dummy prefix.
Needs: pip install sentencepiece.  Run: python test/reference/weights/make_sentencepiece_fixture.py
"""
import io
import json
import pathlib

import sentencepiece as spm

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "weights"
CORPUS = [
    "the cat sat on the mat and the dog sat on the log", "there were three cats in the house and they were all there",
    "it's what they'd have wanted, isn't it? no: that isn't what anyone wanted!", "in 2023 there were 123 cats and 4567 birds",
    "once upon a time there was a little girl who liked to play in the park", "the theory of the thing is that the other thing is there",
    "Größe, naïve, café und Straße sind Wörter", "привет мир, мир привет", "def main(): return x == y or not y",
] * 6
TEXTS = ["the cat sat", "  the   theory  of them ", "there's 12345 thermometers\n\nand tabs\there", "Größe naïve 東京 🙂 привет",
         "a\u00a0b", "\n", "isn't that what they'd wanted?", "the<s>the", "▁", "x" * 30, "thethethe  theretherethere"]


def main():
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, model_type="bpe", vocab_size=440, byte_fallback=True, split_digits=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, character_coverage=0.98, minloglevel=2)
    sp = spm.SentencePieceProcessor(model_proto=model.getvalue())
    count = sp.vocab_size()
    kind = lambda i: 2 if sp.is_unknown(i) else 3 if sp.is_control(i) else 6 if sp.is_byte(i) else 5 if sp.is_unused(i) else 1
    fixture = {"tokens": [sp.id_to_piece(i) for i in range(count)], "scores": [sp.get_score(i) for i in range(count)],
               "types": [kind(i) for i in range(count)], "texts": TEXTS, "ids": [[1, *sp.encode(text)] for text in TEXTS]}
    # SentencePiece knows no control tokens in text; this project does, as transformers: <s> is one token.
    fixture["ids"][TEXTS.index("the<s>the")] = [1, *sp.encode("the"), 1, *sp.encode("the")]
    (OUT / "sentencepiece.json").write_text(json.dumps(fixture, ensure_ascii=False) + "\n")
    print(count, "pieces")


main()
