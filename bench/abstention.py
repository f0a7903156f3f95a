#!/usr/bin/env python3
"""The signs behind abstention, measured: questions asked of their own collection and of another's.

Usage: abstention.py RENVOI EVAL_FOLDER OUT_FOLDER [QUESTIONS]
For fr-cnil and en-xquad (each indexed as a folder of files): QUESTIONS of its own, and as many of another collection in the same
language, which its documents do not answer. Writes OUT_FOLDER/signs.jsonl and prints, for the program's own decision, how many
were answered of each, and how many answers cite the document that holds the answer; then the threshold that separates best.
"""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import urllib.request

OWN_AND_OTHER = [("fr-cnil", "fr-piaf"), ("en-xquad", "en-dl19"), ("en-xquad", "en-cranfield")]
COSINE_WEIGHT, HELD_WEIGHT = 10.0, 1.5  # those of src/answer/abstention.h


def lines(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def relevant(folder):
    found = {}
    for row in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, document, grade = row.split("\t")
        if int(grade) > 0:
            found.setdefault(query, set()).add(document)
    return found


def write_documents(folder, to):
    to.mkdir(parents=True)
    for document in lines(folder / "corpus.jsonl"):
        title = document.get("title", "").replace("\n", " ").strip()
        (to / f"{document['_id']}.md").write_text((f"# {title}\n\n" if title else "") + document["text"] + "\n", encoding="utf-8")


class Server:
    def __init__(self, renvoi, data, config):
        self.process = subprocess.Popen([renvoi, "--json", "--config", config, "--data", data, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
        text = ""
        for line in self.process.stdout:
            text += line
            if line.rstrip() == "}":
                break
        self.address = f"http://127.0.0.1:{json.loads(text)['port']}/api/ask"

    def ask(self, question):
        body = json.dumps({"question": question, "mode": "extractive"}).encode()
        request = urllib.request.Request(self.address, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.load(response)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def main():
    renvoi, eval_folder, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    wanted = int(sys.argv[4]) if len(sys.argv) > 4 else 60
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    config = out / "config.toml"
    config.write_text("[embed]\nthreads = 1\n")
    chance = random.Random(7)
    rows = []
    for own in ("fr-cnil", "en-xquad"):
        write_documents(eval_folder / own, out / own / "documents")
        data = out / own / "data"
        subprocess.run([renvoi, "--config", config, "--data", data, "add", out / own / "documents"], check=True, stdout=subprocess.DEVNULL)
        server = Server(renvoi, data, config)
        try:
            judged = relevant(eval_folder / own)
            known = eval_folder / own / "answers.jsonl"
            answers = {row["_id"]: row["answers"] for row in lines(known)} if known.exists() else {}
            questions = [(q, own) for q in chance.sample(lines(eval_folder / own / "queries.jsonl"), wanted)]
            for other in (o for mine, o in OWN_AND_OTHER if mine == own):
                pool = lines(eval_folder / other / "queries.jsonl")
                questions += [(q, other) for q in chance.sample(pool, min(wanted, len(pool)))]
            for question, of in questions:
                answer = server.ask(question["text"])
                cited = {pathlib.Path(c["address"]).stem for c in answer["citations"]}
                gold = answers.get(question["_id"], []) if of == own else []
                quotes = [c["quote"].lower() for c in answer["citations"]]
                rows.append({"collection": own, "of": of, "question": question["text"], "abstained": answer["abstained"], "signs": answer["signs"],
                             "right": bool(cited & judged.get(question["_id"], set())) if of == own else None,
                             "in_first_quote": any(g.lower() in quotes[0] for g in gold) if gold and quotes else None,
                             "in_a_quote": any(g.lower() in q for g in gold for q in quotes) if gold and quotes else None})
        finally:
            server.stop()
    (out / "signs.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    report(rows)


def report(rows):
    print(f"{'collection':<12} {'questions of':<14} {'asked':>6} {'answered':>9} {'cite the right document':>24}")
    for own, of in sorted({(row["collection"], row["of"]) for row in rows}, key=lambda pair: (pair[0], pair[0] != pair[1])):
        some = [row for row in rows if (row["collection"], row["of"]) == (own, of)]
        right = sum(bool(row["right"]) for row in some) if own == of else "-"
        print(f"{own:<12} {of:<14} {len(some):>6} {sum(not row['abstained'] for row in some):>9} {right:>24}")
    quoted = [row for row in rows if row["in_a_quote"] is not None]
    if quoted:
        print(f"of {len(quoted)} answers whose words are known, {sum(row['in_first_quote'] for row in quoted)} hold them in the first quote, "
              f"{sum(row['in_a_quote'] for row in quoted)} in one of the quotes")
    scored = [(COSINE_WEIGHT * (row["signs"]["passage_cosine"] + row["signs"]["sentence_cosine"]) / 2 + HELD_WEIGHT * row["signs"]["words_held"],
               row["collection"] == row["of"]) for row in rows if row["signs"] and row["signs"]["same_language"]]
    best = max((sum((score >= least) == own for score, own in scored), least) for least, _ in scored)
    print(f"of {len(scored)}, the threshold {best[1]:.2f} decides {best[0]} rightly")


if __name__ == "__main__":
    main()
