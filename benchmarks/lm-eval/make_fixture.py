"""Writes what lm-eval 0.4.13 says of the repository's tiny models on the shipped sample: the fixture of
src/evaluate/lm-eval-parity.test.ts.

    python benchmarks/lm-eval/make_fixture.py
"""

import json
import os
from argparse import Namespace
from pathlib import Path

from compare import lm_eval_numbers

ROOT = Path(__file__).resolve().parents[2]
MODELS = "test/fixtures/evaluate/models"
OWN = [f"test/fixtures/evaluate/{name}.yaml" for name in ("own-quiz", "own-yes-no")]
SHORT = "piqa,boolq,winogrande,wsc273,truthfulqa_mc2,wnli,mmlu_anatomy,mmlu_professional_law"
RUNS = [
    # Every task of the sample, and MMLU as a group; prompts above 512 tokens lose their start.
    {"model": "test/fixtures/models/small-run", "tasks": f"{SHORT.split(',mmlu')[0]},truthfulqa_mc1,qnli,mnli,mmlu_stem"},
    # A context of 192 tokens: every MMLU and TruthfulQA prompt loses its start.
    {"model": f"{MODELS}/gpt2-short", "tasks": SHORT},
    {"model": f"{MODELS}/gpt2-short", "tasks": "wnli,piqa", "addBos": True},
    {"model": f"{MODELS}/llama-bos", "tasks": SHORT},
    {"model": f"{MODELS}/llama-bos", "tasks": SHORT, "addBos": False},
    # Examples by lm-eval's sampling, from the one pool of random draws that the sample has, and the first ones of MMLU's.
    {"model": f"{MODELS}/llama-bos", "tasks": "wsc273,mmlu_anatomy", "fewShot": 2, "include": []},
]
LIMIT = 2


def main():
    os.chdir(ROOT)
    runs = []
    for run in RUNS:
        run = {"include": OWN, **run}
        options = Namespace(
            model=run["model"], data="data/eval", tasks=run["tasks"], include=run["include"], limit=LIMIT, mmlu_limit=None,
            num_fewshot=run.get("fewShot"), add_bos=run.get("addBos"), softmax_dtype=None,
        )
        runs.append({**run, "limit": LIMIT, **lm_eval_numbers(options)})
    target = ROOT / "test" / "fixtures" / "evaluate" / "lm-eval-numbers.json"
    target.write_text(json.dumps(runs, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
