"""Writes the two tiny random models with which the repository's tests hold evaluation to lm-eval.

    python benchmarks/lm-eval/tiny_models.py

gpt2-short: GPT-2 with a context of 192 tokens, so that most prompts lose their start. llama-bos: LLaMA whose tokenizer puts
BOS in front. Both with the tokenizers of test/fixtures/evaluate/encode-request.json, and weights large enough that
log-likelihoods differ clearly. Needs torch and transformers.
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "evaluate"
VOCABULARY = 420


def save(name, model, tokenizer, special):
    folder = FIXTURES / "models" / name
    model.eval().save_pretrained(folder, safe_serialization=True)
    (folder / "generation_config.json").unlink(missing_ok=True)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)


def main():
    sources = json.loads((FIXTURES / "encode-request.json").read_text())

    def tokenizer(name):
        special = {k: v for k, v in sources[name]["special"].items() if not k.endswith("Id")}
        return Tokenizer.from_str(json.dumps(sources[name]["tokenizer"])), special

    torch.manual_seed(1)
    gpt2 = GPT2LMHeadModel(
        GPT2Config(vocab_size=VOCABULARY, n_positions=192, n_embd=16, n_layer=2, n_head=2, initializer_range=0.3,
                   bos_token_id=0, eos_token_id=0)
    )
    save("gpt2-short", gpt2, *tokenizer("gpt2"))
    torch.manual_seed(2)
    llama = LlamaForCausalLM(
        LlamaConfig(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
                    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.3,
                    tie_word_embeddings=False, bos_token_id=1, eos_token_id=2)
    )
    save("llama-bos", llama, *tokenizer("llama"))


if __name__ == "__main__":
    main()
