"""Xapian in the bench against peers (README.md): terms and their counts, no term lists, no positions, no data;
compacted. BM25 with k1 = .9 and b = .4.
Usage: terms_xapian.py build PASSAGES FOLDER | serve FOLDER QUERIES K"""
import shutil
import sys
from collections import Counter

import xapian

from peer_lines import round_of, say, stems_of


def build(passages, folder):
    shutil.rmtree(folder, ignore_errors=True)
    rough = folder + ".rough"
    database = xapian.WritableDatabase(rough, xapian.DB_CREATE_OR_OVERWRITE | xapian.DB_NO_TERMLIST
                                       | xapian.DB_NO_SYNC | xapian.DB_DANGEROUS)
    for line in open(passages, encoding="utf-8"):
        document = xapian.Document()
        for stem, count in Counter(stems_of(line).split()).items():
            document.add_term(stem, count)
        database.add_document(document)
    database.close()
    xapian.Database(rough).compact(folder)
    shutil.rmtree(rough)


def serve(folder, queries, k):
    database = xapian.Database(folder)
    counts = [Counter(stems_of(line).split()) for line in open(queries, encoding="utf-8")]
    say({"version": xapian.version_string(), "passages": database.get_doccount()})
    enquire = xapian.Enquire(database)
    enquire.set_weighting_scheme(xapian.BM25Weight(0.9, 0, 1000, 0.4, 0))

    def search(terms):
        leaves = [xapian.Query(stem, count) for stem, count in terms.items()]
        enquire.set_query(xapian.Query(xapian.Query.OP_OR, leaves))
        return [match.docid - 1 for match in enquire.get_mset(0, k)]

    for _ in sys.stdin:
        round_of(search, counts)


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(sys.argv[2], sys.argv[3])
    else:
        serve(sys.argv[2], sys.argv[3], int(sys.argv[4]))
