#!/usr/bin/env python3
"""Fits the weights of the signs that units are ranked by (src/answer/unit_signs.h).

Usage: fit_units.py SIGNS.jsonl      (from bench/dump_signs; needs numpy and scipy)
A softmax over the sentences of the document that holds the answer, its target the sentences that hold it; every set counts in proportion to its
questions. Fitted on the half of the questions whose id has an even hash and measured on the other, and the other way round; then on all of them: those
are the constants.
"""
import hashlib
import json
import sys

import numpy
from scipy.optimize import minimize

NAMES = ["cosine", "cosine_in_text", "held", "held_headed", "held_locally", "held_before", "held_together", "pieces", "pairs", "words", "first",
         "says_number", "says_time", "says_person", "says_place", "says_reason"]  # those of unit_signs.h


def fit(questions, ridge=1.0):
    scale = numpy.vstack([signs for _, _, signs, _ in questions]).std(0) + 1e-9
    useful = [(signs / scale, holds) for _, _, signs, holds in questions if holds.any() and not holds.all()]
    ends = numpy.cumsum([len(holds) for _, holds in useful])
    starts = numpy.concatenate([[0], ends[:-1]])
    sizes = ends - starts
    signs, holds = numpy.vstack([s for s, _ in useful]), numpy.concatenate([h for _, h in useful]).astype(float)

    def loss(weights):
        scores = signs @ weights
        powers = numpy.exp(scores - numpy.repeat(numpy.maximum.reduceat(scores, starts), sizes))
        whole, right = numpy.add.reduceat(powers, starts), numpy.add.reduceat(powers * holds, starts)
        slope = signs.T @ (powers / numpy.repeat(whole, sizes) - powers * holds / numpy.repeat(right, sizes))
        return numpy.log(whole).sum() - numpy.log(right).sum() + ridge * weights @ weights / 2, slope + ridge * weights

    return minimize(loss, numpy.zeros(signs.shape[1]), jac=True, method="L-BFGS-B").x / scale


def accuracy(questions, weights):
    found = {}
    for name, _, signs, holds in questions:
        order = numpy.argsort(-(signs @ weights), kind="stable")
        found.setdefault(name, []).append((holds[order[:1]].any(), holds[order[:3]].any()))
    return {name: tuple(numpy.mean(rows, 0)) + (len(rows),) for name, rows in found.items()}


def main():
    questions = []
    for line in open(sys.argv[1], encoding="utf-8"):
        row = json.loads(line)
        half = hashlib.sha256((row["set"] + row["id"]).encode()).digest()[0] % 2
        questions.append((row["set"], half, numpy.array([unit["signs"] for unit in row["units"]]), numpy.array([unit["holds"] for unit in row["units"]])))
    for half in (0, 1):
        weights = fit([q for q in questions if q[1] == half])
        for name, (first, three, count) in accuracy([q for q in questions if q[1] != half], weights).items():
            print(f"fitted on half {half}, measured on the other: {name:<12} {first:.4f} at 1, {three:.4f} at 3, of {count}")
    weights = fit(questions)
    for name, (first, three, count) in accuracy(questions, weights).items():
        print(f"fitted on all, measured on all: {name:<12} {first:.4f} at 1, {three:.4f} at 3, of {count}")
    for name, weight in zip(NAMES, weights):
        print(f"{name:<16} {weight:7.2f}")


if __name__ == "__main__":
    main()
