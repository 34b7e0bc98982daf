"""Writes test/fixtures/weights/safetensors-verdicts.json and crate-layout.safetensors.

The verdicts are those of the Python package `safetensors` (the Rust crate) on small files: valid ones, each rule broken once,
and seeded random mutations. Needs: pip install safetensors torch.  Run: python test/reference/weights/make_safetensors_fixtures.py
"""
import base64
import json
import pathlib
import random
import struct

import safetensors
import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "weights"
GOOD = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'


def pack(header, data=b"\0" * 8, length=None):
    raw = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(dtype="F32", shape="[2]", offsets="[0,8]"):
    return '{"a":{"dtype":"%s","shape":%s,"data_offsets":%s}}' % (dtype, shape, offsets)


# name -> (bytes, why this project refuses it although the crate accepts it, or None)
CASES = {
    "valid": (pack(GOOD), None),
    "trailing spaces": (pack(GOOD + "   "), None),
    "no tensors": (pack("{}", b""), None),
    "metadata only": (pack('{"__metadata__":{"format":"pt"}}', b""), None),
    "metadata null": (pack('{"__metadata__":null}', b""), None),
    "metadata number value": (pack('{"__metadata__":{"n":1}}', b""), None),
    "metadata nested": (pack('{"__metadata__":{"n":{"a":"b"}}}', b""), None),
    "metadata string": (pack('{"__metadata__":"x"}', b""), None),
    "metadata twice": (pack('{"__metadata__":{},"__metadata__":{}}', b""), None),
    "scalar": (pack(entry(shape="[]", offsets="[0,4]"), b"\0" * 4), None),
    "empty tensor": (pack(entry(shape="[0,3]", offsets="[0,0]"), b""), None),
    "unicode name": (pack('{"caf\\u00e9 \u00fc":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"\0"), None),
    "unknown field": (pack('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}'), None),
    "white space inside": (pack('{ "a" :\n{"dtype":"F32", "shape":[2],\t"data_offsets":[0,8]}}'), None),
    "any order": (pack('{"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}'), None),
    "duplicate tensor": (pack('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'), "duplicate keys are disallowed by the README"),
    "duplicate dtype": (pack('{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'), None),
    "leading space": (pack(" " + GOOD), "the README demands '{' first"),
    "leading newline": (pack("\n" + GOOD), "the README demands '{' first"),
    "byte order mark": (pack("\ufeff" + GOOD), None),
    "array root": (pack("[]", b""), None),
    "not JSON": (pack('{"a":'), None),
    "trailing comma": (pack('{"a":{"dtype":"F32","shape":[2,],"data_offsets":[0,8]}}'), None),
    "text behind": (pack(GOOD + "x"), None),
    "NUL padding": (pack(GOOD + "\0\0"), None),
    "not UTF-8": (pack(b'{"\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'), None),
    "lone surrogate": (pack('{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'), None),
    "control character": (pack('{"a\tb":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'), None),
    "deep nesting": (pack('{"a":' + "[" * 200 + "]" * 200 + "}"), None),
    "empty file": (b"", None),
    "seven bytes": (b"\0" * 7, None),
    "zero header": (pack("", b""), None),
    "header of 2^40": (pack(GOOD, length=2**40), None),
    "header of 2^63": (pack(GOOD, length=2**63), None),
    "header one over the limit": (pack(GOOD, length=100_000_001), None),
    "header past the end": (pack(GOOD, length=len(GOOD) + 9), None),
    "data cut off": (pack(GOOD, b"\0" * 7), None),
    "data too long": (pack(GOOD, b"\0" * 9), None),
    "hole at the start": (pack(entry(offsets="[1,9]"), b"\0" * 9), None),
    "hole between": (pack('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}', b"\0" * 5), None),
    "overlap": (pack('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}', b"\0" * 6), None),
    "same range": (pack('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', b"\0" * 4), None),
    "offsets reversed": (pack(entry(offsets="[8,0]")), None),
    "size mismatch": (pack(entry(shape="[3]")), None),
    "shape overflow": (pack(entry(shape="[4294967296,4294967296,4294967296]")), None),
    "shape overflow then zero": (pack(entry(shape="[4294967296,4294967296,0]", offsets="[0,0]"), b""), None),
    "zero then huge shape": (pack(entry(shape="[0,4294967296,4294967296]", offsets="[0,0]"), b""), None),
    "bits overflow": (pack(entry(shape="[1152921504606846976]")), None),
    "dimension over 64 bits": (pack(entry(shape="[18446744073709551616]")), None),
    "negative dimension": (pack(entry(shape="[-2]")), None),
    "negative zero": (pack(entry(shape="[-0]", offsets="[0,0]"), b""), None),
    "fraction": (pack(entry(shape="[2.0]")), None),
    "exponent": (pack(entry(shape="[2e0]")), None),
    "leading zero": (pack(entry(shape="[02]")), None),
    "string dimension": (pack(entry(shape='["2"]')), None),
    "three offsets": (pack(entry(offsets="[0,8,8]")), None),
    "one offset": (pack(entry(offsets="[0]")), None),
    "dtype missing": (pack('{"a":{"shape":[2],"data_offsets":[0,8]}}'), None),
    "shape missing": (pack('{"a":{"dtype":"F32","data_offsets":[0,8]}}'), None),
    "offsets missing": (pack('{"a":{"dtype":"F32","shape":[2]}}'), None),
    "entry is null": (pack('{"a":null}', b""), None),
    "dtype unknown": (pack(entry(dtype="F31")), None),
    "dtype lower case": (pack(entry(dtype="f32")), None),
    "dtype inherited name": (pack(entry(dtype="toString")), None),
    "tensor named __proto__": (pack('{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'), None),
}
for name, size in [("F64", 8), ("I64", 8), ("F32", 4), ("I32", 4), ("BF16", 2), ("F16", 2), ("I16", 2), ("I8", 1), ("U8", 1), ("BOOL", 1)]:
    CASES[f"dtype {name}"] = (pack(entry(name, "[3]", f"[0,{3 * size}]"), b"\0" * (3 * size)), None)
for name, size in [("U16", 2), ("U32", 4), ("U64", 8), ("F8_E4M3", 1), ("F8_E5M2", 1), ("C64", 8)]:
    CASES[f"dtype {name}"] = (pack(entry(name, "[3]", f"[0,{3 * size}]"), b"\0" * (3 * size)), "an element type that no weight here has")


def mutated(rng):
    """A valid header of a few tensors with up to one number, name or length changed."""
    sizes = {"F32": 4, "BF16": 2, "U8": 1, "I64": 8}
    tensors, position = [], 0
    for i in range(rng.randint(1, 4)):
        dtype = rng.choice(list(sizes))
        shape = [rng.randint(0, 3) for _ in range(rng.randint(0, 3))]
        count = 1
        for d in shape:
            count *= d
        end = position + count * sizes[dtype]
        tensors.append([f"t{i}", dtype, shape, [position, end]])
        position = end
    extra = 0
    what = rng.randint(0, 5)
    victim = rng.choice(tensors)
    if what == 1:
        victim[3][rng.randint(0, 1)] += rng.choice([-8, -1, 1, 4])
    elif what == 2:
        extra = rng.choice([-1, 1, 8])
    elif what == 3 and victim[2]:
        victim[2][rng.randrange(len(victim[2]))] += 1
    elif what == 4:
        victim[1] = rng.choice(list(sizes))
    elif what == 5:
        tensors.remove(victim)
    rng.shuffle(tensors)
    header = json.dumps({n: {"dtype": d, "shape": s, "data_offsets": o} for n, d, s, o in tensors}, separators=(",", ":"))
    return pack(header, b"\0" * max(0, position + extra))


def main():
    rng = random.Random(2404)
    for i in range(150):
        CASES[f"random {i}"] = (mutated(rng), None)
    cases = []
    for name, (data, stricter) in CASES.items():
        try:
            safetensors.deserialize(data)
            accepted = True
        except Exception:
            accepted = False
        case = {"name": name, "base64": base64.b64encode(data).decode(), "accepted": accepted}
        if stricter and accepted:
            case["refusedHere"] = stricter
        cases.append(case)
    lines = ",\n".join(json.dumps(case) for case in cases)
    text = '{"safetensors": %s, "cases": [\n%s\n]}\n' % (json.dumps(safetensors.__version__), lines)
    (OUT / "safetensors-verdicts.json").write_text(text)
    print(sum(c["accepted"] for c in cases), "accepted of", len(cases))

    torch.manual_seed(1)
    save_file(
        {
            "z.weight": torch.randn(3, 5),
            "a.weight": torch.randn(2, 2).to(torch.bfloat16),
            "h": torch.randn(7).to(torch.float16),
            "é": torch.tensor([1, 2, 3], dtype=torch.int64),
            "10": torch.randn(1),
            "9": torch.randn(1),
            "flags": torch.tensor([True, False]),
            "d": torch.randn(2, dtype=torch.float64),
            "bytes": torch.tensor([1, 2, 255], dtype=torch.uint8),
            "scalar": torch.tensor(3.5),
            "empty": torch.zeros(0, 4),
        },
        str(OUT / "crate-layout.safetensors"),
        metadata={"format": "pt"},
    )


main()
