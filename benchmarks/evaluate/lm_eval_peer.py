"""Evaluates with lm-eval's own `hf` model: one job for every line of JSON on stdin, one line of JSON on stdout for each.

The model is loaded once, float32 on the CPU; a job is timed from its name to its scores. Started by run.ts.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

# Progress bars and notes of the libraries go to stderr; stdout is for the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lm-eval"))

import lm_eval  # noqa: E402
import torch  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402
from local_rows import use_local_rows  # noqa: E402


def say(**answer):
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


class Timed(HFLM):
    """Keeps how long log-likelihoods took: the rest is reading, rendering and counting."""

    scoring = 0.0

    def loglikelihood(self, *arguments, **options):
        started = time.perf_counter()
        result = super().loglikelihood(*arguments, **options)
        self.scoring += time.perf_counter() - started
        return result


def scores_of(out):
    """acc (else mc2) of every task."""
    return {name: values["acc,none"] for name, values in out["results"].items() if "acc,none" in values}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    use_local_rows(options.data)
    lm = Timed(pretrained=options.model, dtype="float32", device="cpu", batch_size=options.batch_size)
    tasks = TaskManager()
    say(ready=True)
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        job = json.loads(line)
        lm.scoring = 0.0
        started = time.perf_counter()
        out = lm_eval.simple_evaluate(
            model=lm,
            tasks=job["tasks"],
            limit=job["limit"],
            num_fewshot=job["fewShot"],
            log_samples=False,
            task_manager=tasks,
        )
        say(seconds=time.perf_counter() - started, scoringSeconds=lm.scoring, scores=scores_of(out))


if __name__ == "__main__":
    main()
