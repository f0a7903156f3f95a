#!/usr/bin/env python3
"""Recall@10 on a real collection: LibreOffice's help, asked with its own index entries, in a language and across two.

Usage: help_recall.py RENVOI HELP_FOLDER OUT_FOLDER [QUERIES]
HELP_FOLDER holds fr/ and en-US/ (Debian's libreoffice-help-fr and -en-us): 2,560 pages that exist in both under one path, and bookmarks.js, the entries that
people made for the index: entry -> page. Queries are the entries of two words or more; with QUERIES so many of each language, chosen by hash. Each
language is indexed by `renvoi add` in OUT_FOLDER/LANGUAGE (kept for the next run; about ten minutes each on two cores) and asked through /api/search.
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse
import urllib.request

ENTRY = re.compile(r'\{url:"([^"]+)", app:"[^"]*", text:"((?:[^"\\]|\\.)*)"\}')
MODES = ("bm25", "semantic", "hybrid")


def entries(folder, language):
    """Query -> the paths of its pages, below the language's folder."""
    found = {}
    for url, text in ENTRY.findall((folder / language / "bookmarks.js").read_text(encoding="utf-8")):
        query = " ".join(text.replace('\\"', '"').replace(" -- ", " ").split())
        path = url.split("?")[0].split("#")[0].split("/", 1)[1]
        if len(query.split()) >= 2 and (folder / language / path).exists():
            found.setdefault(query, set()).add(path)
    return found


def measure(renvoi, data, language, asked):
    server = subprocess.Popen([renvoi, "--data", str(data), "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        address = next(word for line in server.stdout for word in line.split() if word.startswith("http://")).rstrip("/")
        recall = {}
        for queries_of, queries in asked.items():
            for mode in MODES:
                total = 0
                for query, pages in queries.items():
                    parameters = urllib.parse.urlencode({"q": query, "limit": 10, "mode": mode})
                    with urllib.request.urlopen(f"{address}/api/search?{parameters}", timeout=60) as response:
                        hits = {hit["address"].split(f"/{language}/", 1)[1] for hit in json.load(response)["hits"]}
                    total += len(hits & pages) / len(pages)
                recall[queries_of, mode] = total / len(queries)
        return recall
    finally:
        server.terminate()
        server.wait(30)


def main():
    renvoi, folder, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    wanted = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    asked = {}
    for language in ("fr", "en-US"):
        known = entries(folder, language)
        order = sorted(known, key=lambda query: hashlib.sha256(query.encode()).digest())
        asked[language] = {query: known[query] for query in order[:wanted or None]}
        data = out / language
        if not (data / "catalog.db").exists():
            subprocess.run([renvoi, "--data", str(data), "add", str(folder / language / "text")], check=True, stdout=subprocess.DEVNULL)
    print("LibreOffice's help, recall@10:", ", ".join(f"{len(queries)} entries of {language}" for language, queries in asked.items()))
    for language in asked:
        recall = measure(renvoi, out / language, language, asked)
        for queries_of in asked:
            print(f"entries of {queries_of:<6} to pages of {language:<6} " + " ".join(f"{mode} {recall[queries_of, mode]:.3f}" for mode in MODES), flush=True)


if __name__ == "__main__":
    main()
