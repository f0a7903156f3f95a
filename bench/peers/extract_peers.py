#!/usr/bin/env python3
"""Extraction beside trafilatura and resiliparse: quality and pages a second on one core, in turns. Prints a table.

Usage: extract_peers.py BENCH_EXTRACT EVAL_FOLDER WORK_FOLDER [ROUNDS]
Quality is EVAL_FOLDER/extract_f1.py's measure of html-scrapinghub (4-grams; F1 of mean precision and mean recall).
The time is that of the processor in the extracting thread, all pages in memory; the best of the rounds counts.
"""
import gzip
import importlib.metadata
import json
import pathlib
import subprocess
import sys
import time


def renvoi(bench, folder):
    line = subprocess.run([bench, folder, "1"], check=True, capture_output=True, text=True).stdout.split()
    figures = dict(zip(line[::2], line[1::2]))
    return float(figures["pages_per_second"]), float(figures["memory_over_size"])


def round_of(extract, pages):
    start = time.thread_time()
    texts = [extract(page) for page in pages]
    return len(pages) / (time.thread_time() - start), texts


def quality(texts, truths, overlap):
    rows = [overlap(gold, text or "", 4) for text, gold in zip(texts, truths)]
    precisions = [common / got for common, _, got in rows if got]
    recalls = [common / gold for common, gold, _ in rows if gold]
    p, r = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return p, r, 2 * p * r / (p + r)


def main():
    bench, evaluation, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    sys.path.insert(0, str(evaluation))
    from extract_f1 import overlap
    import trafilatura
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import detect_encoding
    from resiliparse.parse.html import HTMLTree

    truth = json.loads((evaluation / "html-scrapinghub" / "ground-truth.json").read_text())
    folder = work / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    keys, pages = sorted(truth), []
    for key in keys:
        pages.append(gzip.decompress((evaluation / "html-scrapinghub" / "html" / f"{key}.html.gz").read_bytes()))
        (folder / f"{key}.html").write_bytes(pages[-1])
    truths = [truth[key]["articleBody"] for key in keys]

    def by_resiliparse(page):
        tree = HTMLTree.parse_from_bytes(page, detect_encoding(page))
        return extract_plain_text(tree, main_content=True, alt_texts=False)

    peers = {f"trafilatura {trafilatura.__version__}": lambda page: trafilatura.extract(page, include_comments=False),
             f"resiliparse {importlib.metadata.version('resiliparse')}": by_resiliparse}
    best = {name: 0.0 for name in ["renvoi", *peers]}
    texts, memory = {}, 0.0
    for _ in range(rounds):
        speed, memory = renvoi(bench, folder)
        best["renvoi"] = max(best["renvoi"], speed)
        for name, extract in peers.items():
            speed, texts[name] = round_of(extract, pages)
            best[name] = max(best[name], speed)
    texts["renvoi"] = [subprocess.run([bench, "-"], input=page, capture_output=True).stdout.decode() for page in pages]
    print("| extractor | pages/s, one core | ours / theirs | P | R | F1 |\n|---|---|---|---|---|---|")
    for name, speed in best.items():
        p, r, f1 = quality(texts[name], truths, overlap)
        print(f"| {name} | {speed:.0f} | {best['renvoi'] / speed:.2f} | {p:.3f} | {r:.3f} | {f1:.3f} |")
    print(f"\nmemory of renvoi: at most {memory:.1f} x the size of the page (pages of 96 KiB and more)")


if __name__ == "__main__":
    main()
