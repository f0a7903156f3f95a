#!/usr/bin/env python3
"""The threshold of abstention, from reports of renvoi eval (docs/decisions/0004-abstention.md).

Usage: renvoi --json eval SET --other ANOTHER_SET --keep-vectors FILE > REPORT.json, for each set; then
       abstention.py REPORT.json...
Prints, for several thresholds on the program's own weighted sum, how many answerable questions each set would answer and how many of the others' it would
refuse; between languages on the sentence's cosine alone.
"""
import json
import pathlib
import sys

COSINE_WEIGHT, HELD_WEIGHT = 10.0, 1.5  # those of src/answer/abstention.h


def score(signs):
    if not signs["same_language"]:
        return signs["sentence_cosine"]
    return COSINE_WEIGHT * (signs["passage_cosine"] + signs["sentence_cosine"]) / 2 + HELD_WEIGHT * signs["words_held"]


def main():
    rows = []
    for file in sys.argv[1:]:
        report = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
        name = pathlib.Path(report["folder"]).name
        rows += [(name, name, question["signs"]) for question in report["questions"] if "signs" in question]
        for other in report["answers"]["others"]:
            rows += [(name, pathlib.Path(other["folder"]).name, signs) for signs in other["signs"]]
    for same, thresholds in ((True, [8.8 + .05 * i for i in range(17)]), (False, [.80 + .01 * i for i in range(11)])):
        some = [row for row in rows if row[2]["same_language"] == same]
        pairs = sorted({row[:2] for row in some}, key=lambda pair: (pair[0] != pair[1], pair))
        if not pairs:
            continue
        print("the same language" if same else "between languages")
        for own, of in pairs:
            scores = [score(signs) for a, b, signs in some if (a, b) == (own, of)]
            share = [sum(one >= least for one in scores) / len(scores) for least in thresholds]
            what = "answered" if own == of else "refused"
            values = share if own == of else [1 - one for one in share]
            print(f"{of:>14} to {own:<14} {len(scores):5} {what:>9} " + " ".join(f"{least:.2f}:{value:.3f}" for least, value in zip(thresholds, values)))


if __name__ == "__main__":
    main()
