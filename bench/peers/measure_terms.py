"""BM25 against peers: bytes, latency, nDCG@10. Usage: measure_terms.py PASSAGES [PEER...]
Data are in build/peers/data (dump_terms). Writes build/peers/terms.md and .json."""
import math
import sys
from collections import defaultdict

from harness import HERE, ROOT, WORK, Peer, built, machine, per_query, quantile, size_of, table, write_report

SETS = ["en-xquad", "fr-cnil", "en-cranfield", "fr-piaf", "en-dl19"]
WARM_ROUNDS = 3
ROUNDS = 7
SLOW_ROUND_US = 10e6  # who takes longer is warmed once and measured in fewer rounds
SLOW_ROUNDS = 2
STRIDE = {"SQLite FTS5": 20}  # scores all that matches, for 0.1 s and more a query: every twentieth query
DEPTH = 100  # passages from which the ten best documents are taken
OURS = ROOT / "build" / "release" / "bench" / "peers" / "terms_renvoi"
LUCENE_FLAGS = ["-Xmx2g", "-XX:+UseSerialGC"]


def lucene(folder, java):
    jars = ":".join(str(path) for path in [*sorted((WORK / folder).glob("*.jar")), WORK / folder / "classes"])
    vectors = ["--add-modules", "jdk.incubator.vector"] if folder == "lucene10" else []
    return [java, *LUCENE_FLAGS, *vectors, "-cp", jars, "LucenePeer"]


def peers():
    """Name to (command without arguments, BM25's k1 and b)."""
    found = {
        "tantivy 0.27.0": ([WORK / "tantivy" / "target" / "release" / "tantivy_peer"], "1.2, .75"),
        "Lucene 9.12.3": (lucene("lucene", "java"), ".9, .4"),
        "Xapian 1.4.22": (["/usr/bin/python3", HERE / "terms_xapian.py"], ".9, .4"),
        "SQLite FTS5": (["/usr/bin/python3", HERE / "terms_sqlite.py"], "1.2, .75"),
    }
    newer = WORK / "lucene10" / "java"
    if newer.exists():
        found["Lucene 10.6.0"] = (lucene("lucene10", newer.read_text(encoding="utf-8").strip()), ".9, .4")
    return found


def queries_of(name, data):
    """The file of the peer's queries: all, or every so many."""
    every = WORK / "data" / f"{data}.queries.txt"
    stride = STRIDE.get(name, 1) if data == "resampled" else 1
    if stride == 1:
        return every
    some = WORK / "data" / f"{data}.queries.{stride}.txt"
    some.write_text("".join(every.read_text(encoding="utf-8").splitlines(keepends=True)[::stride]), encoding="utf-8")
    return some


def serve(name, command, data, index, k):
    queries = queries_of(name, data)
    data = WORK / "data" / data
    if name.startswith("renvoi"):
        k1, b = ("0.9", "0.4") if name == "renvoi" else ("1.2", "0.75")
        return Peer(name, [OURS, "serve", f"{data}.passages.txt", queries, k, k1, b])
    return Peer(name, [*command, "serve", index, queries, k])


def index_of(name, command, data):
    path = WORK / "index" / f"{name.replace(' ', '-')}-{data}"
    passages = WORK / "data" / f"{data}.passages.txt"
    seconds = built(path, [name, passages.stat().st_size], [*command, "build", passages, path])
    return path, seconds


def ndcg(ranking, judgments, k=10):
    gain = sum(judgments.get(document, 0) / math.log2(i + 2) for i, document in enumerate(ranking[:k]))
    ideal = sorted((grade for grade in judgments.values() if grade > 0), reverse=True)[:k]
    return gain / sum(grade / math.log2(i + 2) for i, grade in enumerate(ideal)) if ideal else 0.0


def quality(name, command, data):
    """nDCG@10, a document being its best passage."""
    base = WORK / "data" / data
    documents = [line.split("\t", 1)[0] for line in open(f"{base}.passages.txt", encoding="utf-8")]
    queries = [line.split("\t", 1)[0] for line in open(f"{base}.queries.txt", encoding="utf-8")]
    judgments = defaultdict(dict)
    for line in open(f"{base}.qrels.tsv", encoding="utf-8"):
        query, document, grade = line.split("\t")
        judgments[query][document] = int(grade)
    index = None if name.startswith("renvoi") else index_of(name, command, data)[0]
    peer = serve(name, command, data, index, DEPTH)
    hits = peer.round()["hits"]
    peer.close()
    values = []
    for query, found in zip(queries, hits):
        ranking = list(dict.fromkeys(documents[passage] for passage in found))
        values.append(ndcg(ranking, judgments[query]))
    return sum(values) / len(values)


def stored_bytes(index):
    """What tantivy keeps for stored fields although there are none. (Lucene: 13 bytes a thousand passages.)"""
    return sum(size_of(file) for file in index.glob("*.store"))


def speed(everyone):
    """Bytes and times on the resampled passages, everyone in turns."""
    rows, running = {}, []
    for name, (command, _) in everyone.items():
        index, seconds = (None, 0) if name.startswith("renvoi") else index_of(name, command, "resampled")
        peer = serve(name, command, "resampled", index, 10)
        size = peer.facts["bytes"] if index is None else size_of(index) - stored_bytes(index)
        rows[name] = {"bytes": size, "build_s": seconds, "passages": peer.facts["passages"], "facts": peer.facts}
        running.append(peer)
    rounds, slow = defaultdict(list), set()
    for turn in range(WARM_ROUNDS + ROUNDS):
        for peer in running:
            if peer.name in slow and not WARM_ROUNDS <= turn < WARM_ROUNDS + SLOW_ROUNDS:
                continue
            answer = peer.round()
            rows[peer.name]["hits"] = answer["hits"]
            if turn >= WARM_ROUNDS:
                rounds[peer.name].append(answer["us"])
            elif sum(answer["us"]) > SLOW_ROUND_US:
                slow.add(peer.name)
    for peer in running:
        peer.close()
        rows[peer.name]["us"] = per_query(rounds[peer.name])
        rows[peer.name]["rounds"] = len(rounds[peer.name])
    return rows


def add_ratios(rows):
    """p50, p99 and mean of each, and ours divided by them over the same queries."""
    ours = rows["renvoi"]["us"]
    measures = {"p50": lambda us: quantile(us, 0.5), "p99": lambda us: quantile(us, 0.99),
                "mean": lambda us: sum(us) / len(us)}
    for name, row in rows.items():
        for measure, of in measures.items():
            row[measure] = of(row["us"])
            row[measure + "_ratio"] = of(ours[::STRIDE.get(name, 1)]) / row[measure]


def same_hits(rows, name, other):
    pairs = list(zip(rows[name]["hits"], rows[other]["hits"][::STRIDE.get(name, 1)]))
    return sum(len(set(a) & set(b)) for a, b in pairs) / max(1, sum(len(b) for _, b in pairs))


def main():
    wanted = sys.argv[1:]
    everyone = {"renvoi": (None, ".9, .4"), "renvoi at 1.2, .75": (None, "1.2, .75"), **peers()}
    everyone = {name: peer for name, peer in everyone.items()
                if name.startswith("renvoi") or not wanted or any(name.startswith(w) for w in wanted)}
    qualities = {name: {data: quality(name, command, data) for data in SETS}
                 for name, (command, _) in everyone.items()}
    rows = speed(everyone)
    ours = rows["renvoi"]
    reference = "Lucene 9.12.3"
    agree = {name: same_hits(rows, name, reference) for name in rows} if reference in rows else {}
    add_ratios(rows)
    for row in rows.values():
        del row["hits"], row["us"]
    count = ours["passages"]
    speeds = [[name, everyone[name][1], f"{row['bytes'] / count:.1f}", f"{ours['bytes'] / row['bytes']:.2f}",
               *(cell for measure in ("p50", "p99", "mean")
                 for cell in (f"{row[measure]:.0f}", f"{row[measure + '_ratio']:.2g}")),
               f"{agree[name]:.3f}" if agree else "-"]
              for name, row in rows.items()]
    quality_rows = [[name, everyone[name][1], *(f"{of_set[data]:.4f}" for data in SETS),
                     f"{max(abs(of_set[data] - qualities[reference][data]) for data in SETS):.4f}"
                     if reference in qualities else "-"] for name, of_set in qualities.items()]
    text = "\n\n".join([
        f"BM25, {count} resampled passages; {machine()}",
        table(["", "k1, b", "B a passage", "ratio", "p50 us", "ratio", "p99 us", "ratio", "mean us", "ratio",
               "hits as Lucene's"], speeds),
        table(["nDCG@10", "k1, b", *SETS, "furthest from Lucene"], quality_rows)])
    write_report("terms", {"machine": machine(), "speed": rows, "ndcg": qualities}, text)


main()
