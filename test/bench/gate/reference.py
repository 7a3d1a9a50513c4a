"""The same statistics in NumPy, as one would write them there: vectorised, straightforward, single-threaded BLAS aside.

python3 reference.py FOLDER  reads the arrays that the benchmark wrote, prints one JSON object: name -> [seconds, value].
"""

import json
import sys
import time
from pathlib import Path
from statistics import NormalDist

import numpy as np

folder = Path(sys.argv[1])
meta = json.loads((folder / "meta.json").read_text())
normal = NormalDist()


def array(name, dtype):
    return np.fromfile(folder / name, dtype=dtype)


def macro_f1(counts, outcomes, k):
    """[..., cells] -> [...]: counts of (label, answer) cells to macro F1."""
    labels, answers = outcomes
    right = np.stack([counts[..., (labels == c) & (answers == c)].sum(-1) for c in range(k)], -1)
    support = np.stack([counts[..., labels == c].sum(-1) for c in range(k)], -1)
    answered = np.stack([counts[..., answers == c].sum(-1) for c in range(k)], -1)
    total = support + answered
    return np.where(total > 0, 2 * right / np.maximum(total, 1), 0).mean(-1)


def bootstrap():
    k, b = meta["numClasses"], meta["numReplicates"]
    labels, ours, theirs = (array(f"{name}.i32", np.int32) for name in ("labels", "candidate", "reference"))
    codes, counts = np.unique((labels * k + ours) * k + theirs, return_counts=True)
    label, our, their = codes // (k * k), codes // k % k, codes % k
    metric = lambda c: macro_f1(c, (label, our), k) - macro_f1(c, (label, their), k)
    n = labels.size
    estimate = metric(counts[None, :])[0]
    draws = np.sort(metric(np.random.default_rng(1).multinomial(n, counts / n, size=b)))
    z0 = normal.inv_cdf(((draws < estimate).mean() + (draws <= estimate).mean()) / 2)
    without = metric(counts[None, :] - np.eye(codes.size, dtype=int))
    centre = (counts * without).sum() / n
    a = (counts * (centre - without) ** 3).sum() / (6 * (counts * (centre - without) ** 2).sum() ** 1.5)
    bend = lambda z: normal.cdf(z0 + (z0 + z) / (1 - a * (z0 + z)))
    return list(np.quantile(draws, [bend(normal.inv_cdf(0.05)), bend(normal.inv_cdf(0.95))]))


def calibration_null():
    p, correct = array("confidence.f64", np.float64), array("correct.f64", np.float64)
    bins = np.minimum((p * 10).astype(int), 9)
    rng = np.random.default_rng(1)
    promised = np.bincount(bins, p, minlength=10)
    error = np.abs(np.bincount(bins, correct, minlength=10) - promised).sum() / p.size
    null = [
        np.abs(np.bincount(bins, rng.random(p.size) < p, minlength=10) - promised).sum() / p.size for _ in range(1000)
    ]
    return [error, float(np.mean(null))]


def sign_flips():
    values = array("differences.f64", np.float64)
    flips = np.random.default_rng(1).integers(0, 2, size=(10_000, values.size), dtype=np.int8)
    return [float(((flips @ values <= 0).sum() + 1) / 10_001)]


def de_long():
    k = meta["numClasses"]
    positive = array("labels.i32", np.int32) == 1
    scores = array("probabilities.f32", np.float32).reshape(-1, k)[:, 1].astype(float)

    def mid_ranks(x):
        _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[inverse]

    m, n = positive.sum(), (~positive).sum()
    ranks = mid_ranks(scores)
    v10 = (ranks[positive] - mid_ranks(scores[positive])) / n
    v01 = 1 - (ranks[~positive] - mid_ranks(scores[~positive])) / m
    return [v10.mean(), float(v10.var(ddof=1) / m + v01.var(ddof=1) / n)]


def slice_line(alpha=0.95, max_level=3, k=10):
    """Level-wise with the paper's bounds; each surviving slice counts all its refinements by two bincounts of its rows."""
    columns, cardinality = meta["sliceColumns"], meta["sliceCardinality"]
    errors = array("slice_errors.f64", np.float64)
    codes = array("slice_codes.i32", np.int32).reshape(-1, columns)
    n, items = errors.size, columns * cardinality
    item_of = codes + np.arange(columns) * cardinality
    sigma, mean = max(30, -(-n // 100)), errors.mean()
    score = lambda size, total: alpha * (total / size / mean - 1) - (1 - alpha) * (n / size - 1)
    top = []

    def could_enter(size, total, most):
        worst = top[k - 1][0] if len(top) == k else 0
        sizes = [sigma, min(size, max(total / most, sigma)), size]
        return size >= sigma and max(score(s, min(s * most, total)) for s in sizes) >= max(worst, 1e-12)

    level = {(): np.arange(n)}
    known = {}
    for depth in range(max_level):
        following = {}
        for path, rows in level.items():
            first = path[-1] // cardinality + 1 if path else 0
            if first == columns:
                continue
            flat = item_of[rows, first:].ravel()
            weights = np.repeat(errors[rows], columns - first)
            sizes = np.bincount(flat, minlength=items)
            totals = np.bincount(flat, weights, minlength=items)
            for item in np.flatnonzero((sizes >= sigma) & (totals > 0)):
                child = (*path, int(item))
                parents = [child[:i] + child[i + 1 :] for i in range(len(child))] if depth else []
                if any(parent not in known for parent in parents):
                    continue
                size, total = int(sizes[item]), float(totals[item])
                value = score(size, total)
                if value > 0:
                    top.append((value, child))
                    top.sort(key=lambda each: (-each[0], len(each[1]), each[1]))
                    del top[k:]
                members = rows[item_of[rows, item // cardinality] == item] if depth + 1 < max_level else None
                if members is not None and could_enter(size, total, errors[members].max()):
                    following[child] = members
        known.update(following)
        level = {path: rows for path, rows in following.items() if could_enter(rows.size, errors[rows].sum(), errors[rows].max())}
        known = {path: rows for path, rows in known.items() if len(path) != depth + 1 or path in level}
    return [value for value, _ in top]


def timed(work, repeats):
    seconds, value = [], None
    for _ in range(repeats):
        begin = time.process_time()
        value = work()
        seconds.append(time.process_time() - begin)
    return [sorted(seconds)[len(seconds) // 2], [float(each) for each in value]]


print(
    json.dumps(
        {
            "numpy": np.__version__,
            "bootstrap": timed(bootstrap, 3),
            "calibration-null": timed(calibration_null, 3),
            "sign-flips": timed(sign_flips, 3),
            "delong": timed(de_long, 3),
            "slice-line": timed(slice_line, 1),
        }
    )
)
