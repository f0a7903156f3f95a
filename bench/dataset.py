"""The dataset store beside dvc and webdataset, on the 70,000 images of Fashion-MNIST as PNG files.

    bench/dataset.py RENVOI BENCH_DATASET IMAGES_FOLDER WORK_FOLDER [PYTHON_WITH_PEERS]

IMAGES_FOLDER holds the four files of Debian's dataset-fashion-mnist. Peers that are not there are left out.
"""

import gzip
import io
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import time
import zlib

CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot")


def png(pixels, side=28):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + pixels[row * side:(row + 1) * side] for row in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def images(folder):
    for split in ("train", "t10k"):
        pixels = gzip.decompress((folder / f"{split}-images-idx3-ubyte.gz").read_bytes())[16:]
        labels = gzip.decompress((folder / f"{split}-labels-idx1-ubyte.gz").read_bytes())[8:]
        for number, label in enumerate(labels):
            yield f"{split}/{CLASSES[label]}/{number:05}.png", png(pixels[number * 784:(number + 1) * 784])


def write_tar(source, target):
    total = count = 0
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in images(source):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
            total, count = total + len(data), count + 1
    return total, count


def timed(*command, **options):
    begin = time.monotonic()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise SystemExit(f"{command}: status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.monotonic() - begin, done.stdout


def disk(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def stream_over_http(renvoi, data, count):
    """Samples a second of clients/python, in one process, digests checked."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients" / "python"))
    from renvoi_datasets import Stream
    server = subprocess.Popen([renvoi, "--json", "--data", str(data), "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        text = b""
        for line in server.stdout:
            text += line
            if line.rstrip() == b"}":
                break
        address = f"http://127.0.0.1:{json.loads(text)['port']}"
        rates = {}
        for name, options in (("shuffled", {}), ("in order", {"in_order": True})):
            stream = Stream(address, "images", select="all", seed=1, block=8192, **options)
            begin = time.monotonic()
            read = sum(1 for _ in stream)
            rates[name] = read / (time.monotonic() - begin)
            assert read == count, read
        return rates
    finally:
        server.terminate()
        server.wait()


WEBDATASET = """
import sys, time, webdataset
begin = time.monotonic()
count = sum(1 for _ in webdataset.WebDataset(sys.argv[1], shardshuffle=False))
print(count / (time.monotonic() - begin))
"""


def main():
    renvoi, bench, source, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
    peers = pathlib.Path(sys.argv[5]) if len(sys.argv) > 5 else None
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    tar = work / "images.tar"
    total, count = write_tar(source, tar)
    print(f"{count:,} PNG files, {total / 1e6:.1f} MB; the tar {tar.stat().st_size / 1e6:.1f} MB")
    data = work / "data"
    environment = {**os.environ, "HOME": str(work)}
    took, _ = timed(renvoi, "--data", data, "dataset", "add", "images", tar, env=environment)
    size = disk(data / "datasets" / "images")
    print(f"renvoi: captured in {took:.2f} s, {count / took:,.0f} items/s; {size / 1e6:.1f} MB on disk, {size / total:.3f} of the bytes")
    took, _ = timed(renvoi, "--data", data, "dataset", "snapshot", "images", env=environment)
    print(f"renvoi: snapshot in {took:.2f} s")
    took, _ = timed(renvoi, "--data", data, "dataset", "check", "images", env=environment)
    print(f"renvoi: every byte checked in {took:.2f} s")
    print(timed(bench, "stream", data / "datasets" / "images")[1], end="")
    for name, rate in stream_over_http(renvoi, data, count).items():
        print(f"renvoi: clients/python, {name}: {rate:,.0f} samples/s")
    if peers is None:
        return
    wds = work / "webdataset.tar"
    timed(renvoi, "--data", data, "dataset", "stream", "images", "--select", "all", "--in-order", "--output", wds, env=environment)
    rate = float(timed(peers, "-c", WEBDATASET, wds)[1])
    print(f"webdataset: {rate:,.0f} samples/s from a tar of the same samples (bytes and JSON)")
    folder = work / "dvc"
    (folder / "images").mkdir(parents=True)
    with tarfile.open(tar) as archive:
        archive.extractall(folder / "images", filter="data")
    dvc = peers.with_name("dvc")
    if dvc.exists():
        environment["DVC_NO_ANALYTICS"] = "1"
        timed(dvc, "init", "--no-scm", "-q", cwd=folder, env=environment)
        took, _ = timed(dvc, "add", "-q", "images", cwd=folder, env=environment)
        print(f"dvc add: {took:.1f} s, {count / took:,.0f} items/s; cache {disk(folder / '.dvc') / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
