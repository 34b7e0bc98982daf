"""Python's side of the comparison: reads a .jsonl file, tokenizes it in batch mode, writes uint16 ids with separators.

    python tokenize.py --tokenizer tokenizer.json --separator ID --text FILE.jsonl --out FILE.bin

For every line `go` on stdin it does so once and prints {"seconds", "tokens"}; the tokenizer is loaded and warm before.
"""

import argparse
import array
import json
import sys
import time

from tokenizers import Tokenizer

BATCH = 1000


def run(tokenizer, arguments):
    tokens = 0
    with open(arguments.text, encoding="utf8", newline="\n") as lines, open(arguments.out, "wb") as out:
        texts = []

        def flush():
            written = 0
            for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
                ids = array.array("H", encoding.ids)
                ids.append(arguments.separator)
                ids.tofile(out)
                written += len(ids)
            texts.clear()
            return written

        for line in lines:
            texts.append(json.loads(line)["text"])
            if len(texts) == BATCH:
                tokens += flush()
        tokens += flush()
    return tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--separator", type=int, required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(arguments.tokenizer)
    tokenizer.encode_batch(["warm", "up"])
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        if line.strip() != "go":
            break
        start = time.perf_counter()
        tokens = run(tokenizer, arguments)
        print(json.dumps({"seconds": time.perf_counter() - start, "tokens": tokens}), flush=True)


if __name__ == "__main__":
    main()
