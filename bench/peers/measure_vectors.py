"""Vector search against peers: recall@10, queries a second, memory. Usage: measure_vectors.py FOLDER PASSAGES [PEER...]
FOLDER has SET.passages.f32 and SET.queries.f32 (encode_corpus). Two collections: the real one, the passages of fr-piaf
and en-dl19, and PASSAGES synthetic ones made of those (vector_rows.h). 500 of their queries are measured; our quantizer
is fitted to the passages and to other queries ("own"), or to the passages and queries of the three other sets
("foreign"). Writes build/peers/vectors-COLLECTION.md and .json."""
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

from harness import HERE, ROOT, WORK, Peer, built, environment, machine, table, write_report

DIMENSIONS = 384
K = 10
QUERIES = 500
NOISE = 0.3
ROUNDS = 5
TARGETS = [0.80, 0.90, 0.95, 0.98]
COLLECTION_SETS = ["fr-piaf", "en-dl19"]
OTHER_SETS = ["fr-cnil", "en-cranfield", "en-xquad"]
OWN = ROOT / "build" / "release" / "bench" / "peers"

EF = [{"ef": ef} for ef in (10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 800, 1600)]
EF_FAISS = [{"efSearch": setting["ef"]} for setting in EF]
PROBES = (4, 8, 16, 32, 64, 128, 256, 512)
LISTS = [{"nprobe": probes} for probes in PROBES]
REFINED = [{"nprobe": probes, "k_factor_rf": factor} for probes in PROBES for factor in (4, 10, 30)]
PEERS = {
    "hnswlib, M 16": ("hnswlib", EF),
    "FAISS HNSW16, floats": ("faiss:HNSW16", EF_FAISS),
    "USearch, i8": ("usearch-i8", EF),
    "FAISS IVF, PQ192x4fs, refined by SQ8": ("faiss:IVF{lists},PQ192x4fs,Refine(SQ8)", REFINED),
    "FAISS IVF, RaBitQ 1 bit, refined by SQ8": ("faiss:IVF{lists},RaBitQ,Refine(SQ8)", REFINED),
    "FAISS IVF, RaBitQ 4 bits": ("faiss:IVF{lists},RaBitQ4", LISTS),
    "FAISS IVF, RaBitQ 6 bits": ("faiss:IVF{lists},RaBitQ6", LISTS),
    "FAISS flat, floats": ("faiss:Flat", [{}]),
}
CANDIDATES = (20, 50, 100, 200, 400, 800)
FLAT = [f"{candidates} 1" for candidates in (*CANDIDATES, 1600, 3200)]
CELLS = [f"{candidates} {share}" for share in (0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
         for candidates in CANDIDATES]
OURS = {f"renvoi {size} B, {fit}, {layout}": (size, fit, layout, FLAT if layout == "flat" else CELLS)
        for size, fit in ((136, "own"), (280, "own"), (336, "own"), (280, "foreign")) for layout in ("flat", "cells")}


def read(file):
    return np.fromfile(file, dtype=np.float32).reshape(-1, DIMENSIONS)


def write_inputs(folder):
    """The real collection, its queries to measure (even rows) and to fit to (odd rows)."""
    WORK.joinpath("vectors").mkdir(exist_ok=True)
    passages = np.concatenate([read(folder / f"{name}.passages.f32") for name in COLLECTION_SETS])
    passages.tofile(WORK / "vectors/real.f32")
    queries = np.concatenate([read(folder / f"{name}.queries.f32") for name in COLLECTION_SETS])
    even = queries[::2]
    even[(np.arange(QUERIES) * len(even)) // QUERIES].tofile(WORK / "vectors/queries.f32")
    queries[1::2].tofile(WORK / "vectors/fit-queries.f32")


def truth_of(passages, queries):
    """The ten nearest of each query, exactly."""
    best = np.full((len(queries), 0), 0, dtype=np.int64)
    scores = np.empty((len(queries), 0), dtype=np.float32)
    for begin in range(0, len(passages), 50_000):
        part = queries @ passages[begin:begin + 50_000].T
        top = np.argpartition(-part, K, axis=1)[:, :K]
        best = np.concatenate([best, top + begin], axis=1)
        scores = np.concatenate([scores, np.take_along_axis(part, top, axis=1)], axis=1)
    order = np.argsort(-scores, axis=1)[:, :K]
    return [set(row) for row in np.take_along_axis(best, order, axis=1).tolist()]


def recall(truth, hits):
    return sum(len(wanted & set(found)) for wanted, found in zip(truth, hits)) / (K * len(truth))


def peer_environment(kind, building=False):
    """FAISS's wheel has an OpenBLAS that does not know new processors and falls back to SSE: told to take AVX2."""
    more = {"OPENBLAS_CORETYPE": "Haswell"} if kind.startswith("faiss") else {}
    if building:
        more.update(OMP_NUM_THREADS=str(os.cpu_count()), OPENBLAS_NUM_THREADS=str(os.cpu_count()))
    return environment(**more)


def start_peer(name, collection, passages):
    kind, settings = PEERS[name]
    script = [sys.executable, HERE / "vectors_peer.py"]
    index = WORK / "index" / f"{collection}-{kind.replace(':', '-').replace('{lists}', '')}"
    built(index, [kind, passages.stat().st_size], [*script, "build", kind, passages, index],
          peer_environment(kind, building=True))
    command = [*script, "serve", kind, index, WORK / "vectors/queries.f32", K]
    return Peer(name, command, peer_environment(kind)), settings


def start_ours(name, collection, passages, folder):
    size, fit, layout, settings = OURS[name]
    if fit == "own":
        source = [WORK / "vectors/real.f32", WORK / "vectors/fit-queries.f32", size, 0.02, 1]
    else:
        source = [",".join(str(folder / f"{other}.{what}.f32") for other in OTHER_SETS)
                  for what in ("passages", "queries")] + [size, 0.3, 0.5]
    index = WORK / "index" / f"{collection}-{name.replace(', ', '-').replace(' ', '-')}"
    built(index, [name, passages.stat().st_size], [OWN / "vectors_renvoi", "build", passages, *source, layout, index])
    return Peer(name, [OWN / "vectors_renvoi", "serve", index, WORK / "vectors/queries.f32", K]), settings


def queries_a_second(answer):
    return 1e6 / statistics.mean(answer["us"])


def sweep(peer, settings, truth):
    """For each setting its recall and, roughly, its speed. Stops where more work no longer helps."""
    peer.round(settings[0])
    found = []
    for setting in settings:
        answer = peer.round(setting)
        found.append((setting, recall(truth, answer["hits"]), queries_a_second(answer)))
    return found


def is_wanted(name, wanted):
    """By parts of names. Where none of ours is among them all of ours are wanted; of the peers those that are named."""
    of_its_kind = [part.lower() for part in wanted if part.lower().startswith("renvoi") == (name in OURS)]
    if not of_its_kind:
        return name in OURS or not wanted
    return any(part in name.lower() for part in of_its_kind)


def measure(collection, passages, folder, wanted):
    count = passages.stat().st_size // (4 * DIMENSIONS)
    truth = truth_of(read(passages), read(WORK / "vectors/queries.f32"))
    running, sweeps = {}, {}
    for name in [*OURS, *PEERS]:
        if not is_wanted(name, wanted):
            continue
        peer, settings = start_ours(name, collection, passages, folder) if name in OURS else start_peer(
            name, collection, passages)
        running[name] = peer
        sweeps[name] = sweep(peer, settings, truth)
        best = max(sweeps[name], key=lambda point: point[1])
        print(f"    {name}: recall up to {best[1]:.4f} at {best[2]:.0f} queries/s ({best[0]})", flush=True)
    chosen = {}  # the fastest setting that reaches the target
    for name, points in sweeps.items():
        for target in TARGETS:
            enough = [point for point in points if point[1] >= target]
            if enough:
                chosen[name, target] = max(enough, key=lambda point: point[2])[:2]
    speeds, alone = {}, {}
    for _ in range(ROUNDS):
        for key, (setting, _) in chosen.items():
            speeds.setdefault(key, []).append(queries_a_second(running[key[0]].round(setting)))
            if key[0] in PEERS:
                answer = running[key[0]].round({**setting, "alone": True})
                alone.setdefault(key, []).append(queries_a_second(answer))
    for peer in running.values():
        peer.close()
    medians = [{key: statistics.median(values) for key, values in one.items()} for one in (speeds, alone)]
    report(collection, count, running, sweeps, chosen, *medians)


def cell_of(name, target, chosen, speeds, alone):
    """Queries a second, those of one query a call behind a slash, and the recall."""
    if (name, target) not in speeds:
        return "-"
    one = f" / {alone[name, target]:.0f}" if (name, target) in alone else ""
    return f"{speeds[name, target]:.0f}{one} ({chosen[name, target][1]:.3f})"


def report(collection, count, running, sweeps, chosen, speeds, alone):
    reference = next(name for name in running if name.startswith("renvoi 280 B"))
    rows = []
    for name, peer in running.items():
        facts = peer.facts
        rows.append([name, f"{facts['bytes'] / count:.0f}", f"{facts['resident_bytes'] / count:.0f}",
                     f"{running[reference].facts['bytes'] / facts['bytes']:.2f}",
                     f"{facts.get('build_cpu_s', facts['build_s']):.0f}",
                     f"{max(point[1] for point in sweeps[name]):.4f}",
                     *(cell_of(name, target, chosen, speeds, alone) for target in TARGETS)])
    ratios = []
    for name in running:
        if name.startswith("renvoi"):
            continue
        cells = []
        for target in TARGETS:
            ours = [(speeds[key], key[0]) for key in speeds if key[1] == target and key[0].startswith("renvoi")]
            if not ours or (name, target) not in speeds:
                cells.append("-")
                continue
            best, form = max(ours)
            cells.append(f"{best / speeds[name, target]:.2f}, alone {best / alone[name, target]:.2f} ({form[7:]})")
        ratios.append([name, *cells])
    text = "\n\n".join([
        f"{count} {collection} vectors of {DIMENSIONS} dimensions, {QUERIES} queries, one thread; {machine()}",
        table(["", "B a passage", "resident B", "ratio to 280 B", "build CPU s", "best recall@10",
               *(f"queries/s at {target:.2f}" for target in TARGETS)], rows),
        "queries/s, our fastest form that reaches the recall / peer",
        table(["", *(f"{target:.2f}" for target in TARGETS)], ratios)])
    write_report(f"vectors-{collection}", {
        "passages": count, "machine": machine(), "facts": {name: peer.facts for name, peer in running.items()},
        "sweeps": sweeps,
        "speeds": [[*key, *chosen[key], value, alone.get(key)] for key, value in speeds.items()]}, text)


def main():
    folder, count, wanted = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    write_inputs(folder)
    measure("real", WORK / "vectors/real.f32", folder, wanted)
    synthetic = WORK / "vectors/synthetic.f32"
    sources = ",".join(str(folder / f"{name}.passages.f32") for name in COLLECTION_SETS)
    if not synthetic.exists() or synthetic.stat().st_size != 4 * DIMENSIONS * count:
        subprocess.run([OWN / "dump_vectors", str(DIMENSIONS), sources, str(count), str(NOISE), synthetic], check=True)
    measure("synthetic", synthetic, folder, wanted)


main()
