"""Runs lm-eval's own `hf` model on local rows and compares its numbers with ours, item by item.

    python benchmarks/lm-eval/compare.py --model FOLDER --data data/eval --tasks nine,mmlu --limit 20 --mmlu-limit 2 \
        --save theirs.json --results ours-nine.json ours-mmlu.json

Needs lm-eval 0.4.13 with torch and transformers. float32 on the CPU, batches of 1. Exit code 1 where something differs.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from statistics import median

import lm_eval
import yaml
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from local_rows import use_local_rows

NINE = ["wsc", "piqa", "boolq", "winogrande", "logiqa", "wnli", "qnli", "mnli", "truthfulqa_mc2"]
LOGLIKELIHOOD_TOLERANCE = 1e-3
METRIC_TOLERANCE = 1e-9
# A continuous metric (mc2) moves with the log-likelihoods; all others are counts.
CONTINUOUS_TOLERANCE = 1e-3
CONTINUOUS = {"truthfulqa_mc2"}


def item_id(arguments):
    """As in our results: sha256 over the texts of an item's requests."""
    digest = hashlib.sha256()
    for context, continuation in arguments:
        digest.update(f"{context}\0{continuation}\x01".encode())
    return digest.hexdigest()


def argument_pairs(sample):
    arguments = sample["arguments"]
    if isinstance(arguments, dict):
        arguments = [tuple(entry.values()) for entry in arguments.values()]
    return [tuple(pair[:2]) for pair in arguments]


def metrics_of(values):
    named = {key.split(",")[0]: value for key, value in values.items() if "," in key}
    return {key: value for key, value in named.items() if isinstance(value, (int, float)) or value == "N/A"}


def run(lm, tasks, limit, num_fewshot):
    out = lm_eval.simple_evaluate(
        model=lm,
        tasks=tasks,
        limit=limit,
        num_fewshot=num_fewshot,
        bootstrap_iters=100000,
        log_samples=True,
        task_manager=TaskManager(),
    )
    result = {"tasks": {}, "groups": {}}
    for name, samples in out["samples"].items():
        samples = sorted(samples, key=lambda sample: sample["doc_id"])
        items = []
        for sample in samples:
            scores = [resp[0] for resp in sample["resps"]]
            items.append(
                {
                    "id": item_id(argument_pairs(sample)),
                    "loglikelihoods": [float(score[0]) for score in scores],
                    "greedy": [str(score[1]) == "True" for score in scores],
                }
            )
        result["tasks"][name] = {
            "version": out["versions"].get(name),
            "metrics": metrics_of(out["results"][name]),
            "items": items,
        }
    for name, values in out.get("groups", {}).items():
        result["groups"][name] = metrics_of(values)
    return result


def lm_eval_numbers(options, dtype="float32"):
    use_local_rows(*options.data)
    lm = HFLM(
        pretrained=str(options.model),
        dtype=dtype,
        device="cpu",
        batch_size=1,
        add_bos_token=options.add_bos,
        softmax_dtype=options.softmax_dtype,
    )
    names = [name for entry in options.tasks.split(",") for name in (NINE if entry == "nine" else [entry])]
    mmlu = [name for name in names if name.startswith("mmlu")]
    others = [name for name in names if not name.startswith("mmlu")]
    custom = [yaml.safe_load(Path(file).read_text()) for file in options.include]
    numbers = {"lmEval": lm_eval.__version__, "tasks": {}, "groups": {}}
    runs = [(others, options.limit, options.num_fewshot), (custom, options.limit, None)]
    # 5 examples are what MMLU means; lm-eval itself runs 0 unless told.
    runs.append((mmlu, options.mmlu_limit or options.limit, 5 if options.num_fewshot is None else options.num_fewshot))
    for tasks, limit, shots in runs:
        if tasks:
            part = run(lm, tasks, limit, shots)
            numbers["tasks"].update(part["tasks"])
            numbers["groups"].update(part["groups"])
    return numbers


def compare(theirs, ours):
    """The differences of log-likelihoods, and every difference that matters as a sentence."""
    faults, differences, greedy = [], [], 0
    for name, task in theirs["tasks"].items():
        other = ours["tasks"].get(name, {"status": "absent"})
        if other["status"] != "scored":
            faults.append(f"{name}: {other['status']} {other.get('reason', '')}")
            continue
        if [item["id"] for item in task["items"]] != [item["id"] for item in other["items"]]:
            faults.append(f"{name}: the requests differ")
            continue
        for index, (a, b) in enumerate(zip(task["items"], other["items"], strict=True)):
            for choice, (x, y) in enumerate(zip(a["loglikelihoods"], b["loglikelihoods"], strict=True)):
                differences.append((abs(x - y), x))
                if not abs(x - y) <= LOGLIKELIHOOD_TOLERANCE:
                    faults.append(f"{name} item {index} choice {choice}: {x} against our {y}")
            greedy += sum(g != h for g, h in zip(a["greedy"], b["greedy"], strict=True))
        tolerance = CONTINUOUS_TOLERANCE if name in CONTINUOUS else METRIC_TOLERANCE
        faults += different(name, task["metrics"], other["metrics"], tolerance)
    for name, values in theirs["groups"].items():
        other = ours["groups"].get(name, {})
        common = {key: values[key] for key in ("acc", "acc_stderr") if key in values}
        faults += different(name, common, other, METRIC_TOLERANCE)
    return {"differences": differences, "greedyDifferences": greedy, "faults": faults}


def different(name, theirs, ours, tolerance):
    faults = []
    for key, value in theirs.items():
        other = ours.get(key)
        equal = value == other if "N/A" in (value, other) or other is None else abs(value - other) <= tolerance
        if not equal:
            faults.append(f"{name} {key}: {value} against our {other}")
    return faults


def boolean(text):
    return {"true": True, "false": False}[text]


def add_run_options(parser):
    parser.add_argument("--model", required=True, help="folder in Hugging Face layout")
    parser.add_argument("--data", nargs="+", required=True, help="folders of <task>.jsonl files")
    parser.add_argument("--tasks", default="nine", help="lm-eval's names, separated by commas; nine stands for the paper's")
    parser.add_argument("--include", nargs="*", default=[], help="task files of your own (YAML)")
    parser.add_argument("--limit", type=float)
    parser.add_argument("--mmlu-limit", type=float)
    parser.add_argument("--num-fewshot", type=int)
    parser.add_argument("--add-bos", type=boolean)
    parser.add_argument("--softmax-dtype", help="lm-eval's: float64 takes PyTorch's rounding of the log-softmax away")
    parser.add_argument("--results", nargs="*", default=[], help="files written by `inheritune evaluate`")


def ours_of(files):
    """The tasks and groups of several result files together."""
    ours = {"tasks": {}, "groups": {}}
    for file in files:
        result = json.loads(Path(file).read_text())
        ours["tasks"].update(result["tasks"])
        ours["groups"].update(result["groups"])
    return ours


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_run_options(parser)
    parser.add_argument("--save", help="where lm-eval's numbers are written")
    options = parser.parse_args()

    theirs = lm_eval_numbers(options)
    if options.save:
        Path(options.save).write_text(json.dumps(theirs, separators=(",", ":")) + "\n")
    if not options.results:
        return 0
    outcome = compare(theirs, ours_of(options.results))
    differences = outcome["differences"] or [(0.0, 0.0)]
    worst, at = max(differences)
    print(
        f"{len(theirs['tasks'])} tasks, {len(outcome['differences'])} requests: log-likelihoods differ by at most "
        f"{worst:.2e} (one of {at:.1f}), half of them by at most {median(d for d, _ in differences):.1e}; first choices in "
        f"{outcome['greedyDifferences']}; {len(outcome['faults'])} faults"
    )
    for fault in outcome["faults"]:
        print(f"  {fault}")
    return 1 if outcome["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
