"""Writes test/fixtures/data/packed: the same texts as Parquet (each codec), zstd frames and gzip members, and as plain JSON.

    python test/reference/data/packed_sources.py

Needs `pyarrow` 20 or newer, which brings zstd as well.
"""

import gzip
import json
import pathlib

import pyarrow
import pyarrow.parquet

OUT = pathlib.Path(__file__).resolve().parents[3] / "test/fixtures/data/packed"
TEXTS = [f"Document {i}: " + "naïve café 你好 \U0001f44d\n" * (i % 5) + "end" for i in range(400)] + ["", None, "  "]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "texts.json").write_text(json.dumps(TEXTS) + "\n")
    table = pyarrow.table(
        {"id": pyarrow.array(range(len(TEXTS)), pyarrow.int64()), "text": TEXTS, "meta": [{"source": "x"}] * len(TEXTS)}
    )
    for codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
        pyarrow.parquet.write_table(table, OUT / f"{codec}.parquet", compression=codec, row_group_size=150)
    pyarrow.parquet.write_table(
        table, OUT / "v2-large.parquet", compression="zstd", data_page_version="2.0", use_dictionary=False
    )
    lines = [json.dumps({"text": text or ""}) + "\n" for text in TEXTS]
    halves = ["".join(lines[:200]).encode(), "".join(lines[200:]).encode()]
    (OUT / "members.jsonl.gz").write_bytes(b"".join(gzip.compress(half, mtime=0) for half in halves))
    frames = [pyarrow.compress(half, codec="zstd", asbytes=True) for half in halves]
    skippable = bytes.fromhex("502a4d1803000000") + b"abc"
    (OUT / "frames.jsonl.zst").write_bytes(frames[0] + skippable + frames[1])


if __name__ == "__main__":
    main()
