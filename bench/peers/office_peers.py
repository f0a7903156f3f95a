#!/usr/bin/env python3
"""Word and Excel beside python-docx and openpyxl: megabytes a second of one core, in turns. Prints a table.

Usage: office_peers.py BENCH_EXTRACT WORK_FOLDER [ROUNDS]
The files are written here, by the peers, from a seed. The time is that of the processor, everything in memory; the best
of the rounds counts. A peer's text is what its own loop over paragraphs and tables, or rows, gives.
"""
import importlib.metadata
import io
import pathlib
import random
import subprocess
import sys
import time

import docx
import openpyxl

PARAGRAPHS, ROWS = 6_000, 40_000


def write_files(folder):
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(20261124)
    words = ["".join(chance.choice("aeilnorstu") for _ in range(chance.randint(2, 9))) for _ in range(2_000)]
    line = lambda count: " ".join(chance.choice(words) for _ in range(count))
    document = docx.Document()
    for number in range(PARAGRAPHS):
        if number % 40 == 0:
            document.add_heading(line(4), level=1 + number % 3)
        document.add_paragraph(line(12))
    document.save(folder / "text.docx")
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("Figures")
    for number in range(ROWS):
        sheet.append([number, line(2), chance.random() * 100, number % 7 == 0])
    workbook.save(folder / "table.xlsx")


def docx_text(data):
    document = docx.Document(io.BytesIO(data))
    return "\n".join(paragraph.text for paragraph in document.paragraphs)


def xlsx_text(data):
    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    return "\n".join("\t".join(str(cell) for cell in row) for sheet in workbook for row in sheet.iter_rows(values_only=True))


def seconds(read, data):
    start = time.process_time()
    text = read(data)
    assert len(text) > 100_000, "the peer read next to nothing"
    return time.process_time() - start


def renvoi(bench, folder):
    """Milliseconds of each file, by its name."""
    out = subprocess.run([bench, "--files", folder], check=True, capture_output=True, text=True).stdout
    return {row.split()[0]: (float(row.split()[-2]), int(row.split()[3])) for row in out.splitlines()}


def main():
    bench, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    write_files(folder)
    for name, peer, read in (("text.docx", "python-docx", docx_text), ("table.xlsx", "openpyxl", xlsx_text)):
        data = (folder / name).read_bytes()
        ours, theirs = 1e9, 1e9
        for _ in range(rounds):
            milliseconds, text = renvoi(bench, folder)[name]
            ours, theirs = min(ours, milliseconds / 1e3), min(theirs, seconds(read, data))
        version = importlib.metadata.version(peer)
        print(f"{name} {len(data)} bytes, text {text}: renvoi {ours * 1e3:.0f} ms ({len(data) / ours / 1e6:.1f} MB/s), "
              f"{peer} {version} {theirs * 1e3:.0f} ms ({len(data) / theirs / 1e6:.2f} MB/s): {theirs / ours:.1f} times")


if __name__ == "__main__":
    main()
