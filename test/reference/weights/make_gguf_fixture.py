"""Writes test/fixtures/weights/tiny-llama.gguf and tiny-llama.expected.json.

A random LLaMA of two blocks in which every readable quantisation appears, with a byte-level BPE vocabulary trained on a few lines.
The expected values are those of the Python package `gguf` (dequantised, q and k rows put back in numpy) and token ids of `tokenizers`.
Needs: pip install gguf tokenizers.  Run: python test/reference/weights/make_gguf_fixture.py
"""
import hashlib
import json
import pathlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Q
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors, trainers, decoders

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "weights"
HIDDEN, FFN, HEADS, KV_HEADS, HEAD_DIM, BLOCKS = 256, 32, 2, 1, 16, 2
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER_DEFINED = ["<repo_name>"]
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CORPUS = ["the cat sat on the mat and the dog sat on the log", "in 2023 there were 123 cats, 4567 dogs and 89 birds in the house",
          "don't stop: they'll say we've won!  two  spaces\n\nand lines", "Größe naïve 東京 привет"] * 4
TEXTS = ["", "the cat sat", " the  cat\n\n sat on 12345 mats", "don't STOP they'LL", "naïve 東京 🙂 привет", "x½ ² ٣٤ 7",
         "<|im_start|>user\nhi<|im_end|>", "<repo_name>the/cat", "tab\tand   trailing   ", "\r\n\r\nwin", "a\u00a0b"]


def pre_tokenizer(name):
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=name != "llama-bpe")
    if name == "gpt-2":
        return byte_level
    first = pre_tokenizers.Digits(individual_digits=True) if name == "smollm" else pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    return pre_tokenizers.Sequence([first, byte_level])


def train():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer("smollm")
    trainer = trainers.BpeTrainer(vocab_size=304, special_tokens=SPECIAL + USER_DEFINED, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(CORPUS, trainer)
    return json.loads(tokenizer.to_str())["model"]


def token_ids(model, name):
    tokenizer = Tokenizer(models.BPE(vocab=model["vocab"], merges=[tuple(m) for m in model["merges"]], ignore_merges=name == "llama-bpe"))
    tokenizer.pre_tokenizer = pre_tokenizer(name)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.add_tokens(USER_DEFINED)
    if name == "llama-bpe":
        tokenizer.post_processor = processors.TemplateProcessing(single="<|im_start|> $A", special_tokens=[("<|im_start|>", 1)])
    return [tokenizer.encode(text).ids for text in TEXTS]


def blocks(rng, qtype, shape):
    """Storage bytes of `shape`: quantised by gguf where it can, otherwise random blocks with finite scales."""
    values = rng.standard_normal(shape, dtype=np.float32) * np.float32(0.05)
    if qtype not in (Q.Q4_K, Q.Q5_K, Q.Q6_K):
        return gguf.quants.quantize(values, qtype)
    elements, size = gguf.GGML_QUANT_SIZES[qtype]
    raw = rng.integers(0, 256, (*shape[:-1], shape[-1] // elements, size), dtype=np.uint8)
    scales = [(0, 2), (2, 4)] if qtype != Q.Q6_K else [(208, 210)]
    for begin, end in scales:
        half = (rng.random(raw.shape[:-1]) * 1e-3).astype(np.float16)
        raw[..., begin:end] = half[..., None].view(np.uint8)
    return raw.reshape(*shape[:-1], -1)


def unpermute(w, heads):
    return w.reshape(heads, w.shape[0] // heads // 2, 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def main():
    rng = np.random.default_rng(7)
    model = train()
    vocab = sorted(model["vocab"], key=model["vocab"].get)
    path = OUT / "tiny-llama.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_block_count(BLOCKS)
    writer.add_context_length(128)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_rope_dimension_count(HEAD_DIM)
    writer.add_rope_freq_base(100000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(vocab)
    writer.add_token_types([3 if t in SPECIAL else 4 if t in USER_DEFINED else 1 for t in vocab])
    writer.add_token_merges([" ".join(m) for m in model["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_array("test.nested_numbers", [1, 2, 3])

    names = {"attn_q": ("self_attn.q_proj", (HEADS * HEAD_DIM, HIDDEN)), "attn_k": ("self_attn.k_proj", (KV_HEADS * HEAD_DIM, HIDDEN)),
             "attn_v": ("self_attn.v_proj", (KV_HEADS * HEAD_DIM, HIDDEN)), "attn_output": ("self_attn.o_proj", (HIDDEN, HEADS * HEAD_DIM)),
             "ffn_gate": ("mlp.gate_proj", (FFN, HIDDEN)), "ffn_up": ("mlp.up_proj", (FFN, HIDDEN)), "ffn_down": ("mlp.down_proj", (HIDDEN, FFN))}
    types = [dict(attn_q=Q.Q6_K, attn_k=Q.Q4_K, attn_v=Q.Q5_K, attn_output=Q.Q4_1, ffn_gate=Q.Q8_0, ffn_up=Q.Q5_0, ffn_down=Q.Q5_1),
             dict(attn_q=Q.Q8_0, attn_k=Q.BF16, attn_v=Q.F16, attn_output=Q.Q4_0, ffn_gate=Q.Q4_0, ffn_up=Q.Q4_1, ffn_down=Q.Q8_0)]
    expected = {}

    def add(name, hf_name, qtype, shape, heads=None):
        raw = blocks(rng, qtype, shape)
        writer.add_tensor(name, raw, raw_dtype=qtype)
        values = gguf.quants.dequantize(raw, qtype).astype(np.float32).reshape(shape)
        if heads:
            values = unpermute(values, heads)
        values = np.ascontiguousarray(values)
        expected[hf_name] = {"shape": list(shape), "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
                             "first": [float(v) for v in values.ravel()[:4]]}

    add("token_embd.weight", "model.embed_tokens.weight", Q.Q4_0, (len(vocab), HIDDEN))
    for i in range(BLOCKS):
        for key, (hf, shape) in names.items():
            heads = {"attn_q": HEADS, "attn_k": KV_HEADS}.get(key)
            add(f"blk.{i}.{key}.weight", f"model.layers.{i}.{hf}.weight", types[i][key], shape, heads)
        add(f"blk.{i}.attn_norm.weight", f"model.layers.{i}.input_layernorm.weight", Q.F32, (HIDDEN,))
        add(f"blk.{i}.ffn_norm.weight", f"model.layers.{i}.post_attention_layernorm.weight", Q.F32, (HIDDEN,))
    add("output_norm.weight", "model.norm.weight", Q.F32, (HIDDEN,))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    fixture = {"tensors": expected, "texts": TEXTS, "ids": {name: token_ids(model, name) for name in ("smollm", "gpt-2", "llama-bpe")}}
    (OUT / "tiny-llama.expected.json").write_text(json.dumps(fixture, indent=1, ensure_ascii=False) + "\n")
    print(path.stat().st_size, "bytes,", len(vocab), "tokens")


main()
