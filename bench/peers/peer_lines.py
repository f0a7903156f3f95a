"""What the peers written in Python share: the lines they read and print (README.md)."""
import json
import time


def say(value):
    print(json.dumps(value), flush=True)


def stems_of(line):
    return line.rstrip("\n").split("\t", 1)[1]


def round_of(search, queries):
    """Runs every query once; prints what each took of this thread's time, and its hits."""
    times, hits = [], []
    for query in queries:
        start = time.thread_time_ns()
        found = search(query)
        times.append((time.thread_time_ns() - start) / 1e3)
        hits.append(found)
    say({"us": times, "hits": hits})
