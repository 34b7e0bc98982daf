"""Writes the reference values of src/judge from scipy: python3 test/reference/judge.py (needs numpy and scipy).

Tango's interval is not in scipy. It is found here without the closed form that the product uses: the multinomial
likelihood is maximised numerically under each hypothesis, and the score test is inverted with a root finder.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import scipy
from scipy import optimize, special, stats

OUT = Path(__file__).parent.parent / "fixtures" / "judge"


def tango_score(b, c, n, delta):
    low, high = max(0.0, -delta), (1 - delta) / 2

    def minus_log_likelihood(q):
        cells = [(b, q + delta), (c, q), (n - b - c, 1 - 2 * q - delta)]
        return -sum(k * np.log(max(p, 1e-300)) for k, p in cells if k)

    q = optimize.minimize_scalar(
        minus_log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-13}
    ).x
    return (b - c - n * delta) / np.sqrt(n * (2 * q + delta - delta**2))


def tango_interval(b, c, n, confidence):
    z = stats.norm.ppf(1 - (1 - confidence) / 2)
    estimate, edge = (b - c) / n, 1 - 1e-9
    lower = optimize.brentq(lambda d: tango_score(b, c, n, d) - z, -edge, estimate, xtol=1e-13)
    upper = optimize.brentq(lambda d: tango_score(b, c, n, d) + z, estimate, edge, xtol=1e-13)
    return lower, upper


def sign_flip(differences):
    d = np.array(differences)
    sums = [abs((d * signs).sum()) for signs in itertools.product([1, -1], repeat=len(d))]
    return float(np.mean(np.array(sums) >= abs(d.sum()) - 1e-12))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20240411)
    functions = {
        "scipy": scipy.__version__,
        "logGamma": [[x, special.gammaln(x)] for x in [0.1, 0.5, 1, 1.5, 2, 3.7, 10, 52.5, 171, 4907.5, 14042]],
        "incompleteBeta": [
            [x, a, b, special.betainc(a, b, x)]
            for x in [1e-6, 0.01, 0.3, 0.5, 0.77, 0.999]
            for a, b in [(0.5, 0.5), (1, 3), (35, 0.5), (408, 0.5), (7.5, 2.25)]
        ],
        "normalQuantile": [
            [p, stats.norm.ppf(p)] for p in [1e-12, 1e-6, 0.001, 0.025, 0.3, 0.5, 0.51, 0.8, 0.975, 0.999, 0.9999999]
        ],
        "studentQuantile": [
            [p, df, stats.t.ppf(p, df)] for p in [0.025, 0.5, 0.8, 0.975, 0.9995] for df in [1, 2, 3, 10, 70, 816, 14041]
        ],
    }
    mcnemar = [
        [b, c, stats.binomtest(b, b + c).pvalue if b + c else 1.0]
        for b, c in [(0, 0), (1, 0), (0, 5), (6, 1), (5, 5), (10, 4), (121, 59), (150, 86), (700, 640), (5200, 4800), (14042, 0)]
    ]
    tango = [
        [b, c, n, conf, *tango_interval(b, c, n, conf)]
        for b, c, n, conf in [
            (1, 7, 21, 0.95), (28, 25, 618, 0.9), (20, 40, 160, 0.95), (0, 1, 44, 0.95), (0, 0, 100, 0.95),
            (3, 3, 30, 0.99), (9, 0, 30, 0.95), (86, 150, 1600, 0.95), (12, 2, 71, 0.95), (700, 640, 9815, 0.95),
        ]
    ]
    continuous = []
    for n in [3, 8, 12]:
        base, head = rng.random(n).round(4), rng.random(n).round(4)
        t = stats.ttest_rel(head, base).confidence_interval(0.95)
        continuous.append(
            {"base": base.tolist(), "head": head.tolist(), "lower": t.low, "upper": t.high, "pValue": sign_flip(head - base)}
        )
    files = {"functions": functions, "mcnemar": mcnemar, "tango": tango, "continuous": continuous}
    for name, content in files.items():
        (OUT / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
