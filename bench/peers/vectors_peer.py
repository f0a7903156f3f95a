"""hnswlib, USearch and FAISS in the bench against peers (README.md). Vectors have unit length; the measure is the inner
product; one thread answers.
Usage: vectors_peer.py build NAME PASSAGES.f32 INDEX | serve NAME INDEX QUERIES.f32 K
NAMEs: hnswlib, usearch-i8, usearch-bf16, faiss:FACTORY (a description for faiss.index_factory, {lists} in it being the
number of lists). Building uses all cores. A line of JSON, the setting, asks for one round."""
import gc
import json
import os
import sys
import time

import numpy as np

from peer_lines import say

DIMENSIONS = 384
HNSW_M = 16
HNSW_BUILD = 200  # hnswlib's ef_construction, and the same of others
TRAINED_A_LIST = 50  # passages to train on; FAISS wants at least 39


def read(file):
    return np.fromfile(file, dtype=np.float32).reshape(-1, DIMENSIONS)


def resident_bytes():
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Hnswlib:
    def __init__(self):
        import hnswlib
        from importlib.metadata import version
        self.version = "hnswlib " + version("hnswlib")
        self.index = hnswlib.Index(space="ip", dim=DIMENSIONS)

    def build(self, passages, file):
        self.index.init_index(max_elements=len(passages), ef_construction=HNSW_BUILD, M=HNSW_M)
        self.index.add_items(passages)
        self.index.save_index(file)

    def load(self, file):
        self.index.load_index(file)
        self.index.set_num_threads(1)

    def set(self, setting):
        self.index.set_ef(setting["ef"])

    def search(self, queries, k):
        return self.index.knn_query(queries, k=k, num_threads=1)[0]


class Usearch:
    """For i8 the coordinates are made whole numbers here, one step for all, so that nearly none is beyond 127.
    USearch's own conversion takes 1/127 for a step, of which coordinates of unit vectors of 384 dimensions have few."""

    def __init__(self, dtype):
        import usearch
        from usearch.index import Index
        self.version = "USearch " + usearch.__version__
        self.index = Index(ndim=DIMENSIONS, metric="ip", dtype=dtype, connectivity=HNSW_M, expansion_add=HNSW_BUILD)
        self.whole = dtype == "i8"
        self.factor = 1.0

    def convert(self, vectors):
        if not self.whole:
            return vectors
        return np.clip(np.rint(vectors * np.float32(self.factor)), -127, 127).astype(np.int8)

    def build(self, passages, file):
        self.factor = float(127 / np.quantile(np.abs(passages[:20_000]), 0.9999))
        self.index.add(np.arange(len(passages)), self.convert(passages))
        self.index.save(file)
        with open(file + ".factor", "w", encoding="ascii") as out:
            out.write(repr(self.factor))

    def load(self, file):
        self.index.load(file)
        with open(file + ".factor", encoding="ascii") as text:
            self.factor = float(text.read())

    def set(self, setting):
        self.index.expansion_search = setting["ef"]

    def search(self, queries, k):
        return self.index.search(self.convert(queries), k, threads=1).keys


class Faiss:
    def __init__(self, factory):
        import faiss
        self.faiss = faiss
        self.version = f"FAISS {faiss.__version__} ({faiss.get_compile_options().strip()})"
        self.factory = factory

    def build(self, passages, file):
        lists = 1 << max(4, round(np.log2(2 * np.sqrt(len(passages)))))
        index = self.faiss.index_factory(DIMENSIONS, self.factory.replace("{lists}", str(lists)),
                                         self.faiss.METRIC_L2)
        if self.factory.startswith("HNSW"):
            index.hnsw.efConstruction = HNSW_BUILD
        index.train(passages[np.random.default_rng(1).permutation(len(passages))[:TRAINED_A_LIST * lists]])
        index.add(passages)
        self.faiss.write_index(index, file)

    def load(self, file):
        self.faiss.omp_set_num_threads(1)
        self.index = self.faiss.read_index(file)

    def set(self, setting):
        space = self.faiss.ParameterSpace()
        for name, value in setting.items():
            space.set_index_parameter(self.index, name, value)

    def search(self, queries, k):
        return self.index.search(queries, k)[1]


def make(name):
    if name == "hnswlib":
        return Hnswlib()
    if name.startswith("usearch-"):
        return Usearch(name.split("-")[1])
    return Faiss(name.split(":", 1)[1])


def build(name, passages, file):
    peer = make(name)
    start = time.monotonic()
    cpu = time.process_time()
    peer.build(read(passages), file)
    with open(file + ".facts", "w", encoding="ascii") as out:
        json.dump({"build_s": time.monotonic() - start, "build_cpu_s": time.process_time() - cpu}, out)


def serve(name, file, query_file, k):
    queries = read(query_file)
    peer = make(name)
    before = resident_bytes()
    peer.load(file)
    with open(file + ".facts", encoding="ascii") as facts:
        say({"version": peer.version, "bytes": os.path.getsize(file), "resident_bytes": resident_bytes() - before,
             **json.load(facts)})
    for line in sys.stdin:
        setting = json.loads(line)
        alone = setting.pop("alone", False)  # one query a call, not all in one
        peer.set(setting)
        start = time.process_time_ns()  # of all threads, in case that one is not all
        hits = [peer.search(query[None], k)[0] for query in queries] if alone else peer.search(queries, k)
        took = (time.process_time_ns() - start) / 1e3
        say({"us": [took / len(queries)], "hits": np.asarray(hits).astype(np.int64).tolist()})


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(*sys.argv[2:5])
    else:
        serve(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
