"""SQLite FTS5 in the bench against peers (README.md): a contentless table, its own bm25() with k1 = 1.2 and b = .75,
which cannot be set. Positions are in its index: without them a contentless table cannot rank.
Usage: terms_sqlite.py build PASSAGES FILE | serve FILE QUERIES K"""
import sqlite3
import sys
from pathlib import Path

from peer_lines import round_of, say, stems_of


def tokenizer(passages):
    """unicode61 that splits at spaces only: every other character that it would split at is named."""
    named = set()
    for line in open(passages, encoding="utf-8"):
        named.update(stems_of(line))
    named = "".join(sorted(c for c in named if not c.isspace() and not c.isalnum()))
    return "unicode61 remove_diacritics 0 tokenchars '{}'".format(named.replace("'", "''''").replace('"', '""'))


def build(passages, file):
    Path(file).unlink(missing_ok=True)
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cache_size = -500000")
    database.execute(f"CREATE VIRTUAL TABLE t USING fts5(body, content='', tokenize=\"{tokenizer(passages)}\")")
    database.execute("BEGIN")
    with open(passages, encoding="utf-8") as lines:
        database.executemany("INSERT INTO t(rowid, body) VALUES (?, ?)",
                             ((i, stems_of(line)) for i, line in enumerate(lines)))
    database.execute("INSERT INTO t(t) VALUES ('optimize')")
    database.execute("COMMIT")
    database.execute("VACUUM")
    database.close()


def serve(file, queries, k):
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA mmap_size = 8000000000")
    database.execute("PRAGMA cache_size = -500000")
    matches = [" OR ".join('"' + stem.replace('"', '""') + '"' for stem in stems_of(line).split())
               for line in open(queries, encoding="utf-8")]
    passages, = database.execute("SELECT count(*) FROM t_docsize").fetchone()
    say({"version": sqlite3.sqlite_version, "passages": passages})

    def search(match):
        if not match:  # a query of function words only
            return []
        rows = database.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (match, k))
        return [row for row, in rows]

    for _ in sys.stdin:
        round_of(search, matches)


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(sys.argv[2], sys.argv[3])
    else:
        serve(sys.argv[2], sys.argv[3], int(sys.argv[4]))
