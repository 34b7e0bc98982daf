"""Prints the mean negative log-likelihood a token of a written model over 8 chunks of 1,024 tokens from the start of a text.

Needs: pip install torch transformers.  Run: check_perplexity.py MODEL_FOLDER TEXT_FILE
SmolLM2-135M-Instruct imported from its Q4_1 GGUF gives 2.9365 on the WikiText-2 validation text and 1.9850 on the TinyStories sample;
with the rows of q and k left as GGUF stores them it still writes English, but the figure rises by about 0.7.
"""
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    text = file.read(100_000)
ids = torch.tensor(tokenizer(text)["input_ids"][: 8 * 1024]).reshape(8, 1024)
losses = []
with torch.no_grad():
    for chunk in ids:
        losses.append(model(chunk[None], labels=chunk[None]).loss)
print(f"{torch.stack(losses).mean():.4f}")
