"""Datasets from outside: the command line, the API and the Python client, on a store of small texts and images."""

import hashlib
import io
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tarfile
import time
import unittest

from harness import CONFLICT, CORRUPT, INVALID, NOT_FOUND, OK, PROBLEMS, PROGRAM, Home

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients" / "python"))
from renvoi_datasets import Client, ServerError, Stream  # noqa: E402

CLASSES = ("boat", "house", "tree")
COUNT = 700


def content(number):
    return f"{CLASSES[number % 3]} number {number}: ".encode() + random.Random(number).randbytes(number % 50)


class WithImages(unittest.TestCase):
    """A dataset `things` of 700 files in three folders, captured with their labels trusted."""

    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.images = cls.home.folder / "things"
        for number in range(COUNT):
            path = cls.images / CLASSES[number % 3] / f"{number:04}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content(number))
        cls.report = cls.home.json("dataset", "add", "things", cls.images, "--labels", "imagefolder", "--trust-labels")
        cls.folder = cls.home.data / "datasets" / "things"

    @classmethod
    def tearDownClass(cls):
        cls.home.close()


class CommandLine(WithImages):
    def test_what_was_captured_is_told_and_checked(self):
        self.assertEqual((self.report["added"], self.report["labels"], self.report["problem_count"]), (COUNT, COUNT, 0))
        again = self.home.json("dataset", "add", "things", self.images, "--labels", "imagefolder", "--trust-labels")
        self.assertEqual((again["added"], again["known"]), (0, COUNT))
        self.assertIn("things", self.home.json("dataset", "list")["datasets"])
        summary = self.home.json("dataset", "show", "things")
        self.assertEqual(summary["items"], COUNT)
        self.assertEqual(sum(summary["classes"].values()), COUNT)
        items = self.home.json("dataset", "items", "things", "--from", 10, "--limit", 5)["items"]
        self.assertEqual([item["item"] for item in items], [10, 11, 12, 13, 14])
        for item in items:
            number = int(item["origin"].split("/")[1].split(".")[0])
            self.assertEqual(item["sha256"], hashlib.sha256(content(number)).hexdigest())
            self.assertEqual(item["answers"][0]["body"]["value"], item["origin"].split("/")[0])
        self.assertTrue(self.home.json("dataset", "check", "things")["sound"])

    def test_wrong_names_and_absent_datasets_are_said(self):
        self.assertEqual(self.home.run("dataset", "show", "nothing")[0], NOT_FOUND)
        self.assertEqual(self.home.run("dataset", "add", "../x", self.images)[0], INVALID)
        self.assertEqual(self.home.run("dataset", "add", "typo", self.home.folder / "none")[0], NOT_FOUND)
        self.assertFalse((self.home.data / "datasets" / "typo").exists())

    def test_people_verify_in_the_terminal(self):
        self.home.json("dataset", "add", "few", self.images / "boat")
        lines = [{"item": number, "class": "boat", "confidence": number / 10, "agent": {"kind": "model", "name": "m"}} for number in range(4)]
        text = "\n".join(map(json.dumps, lines)).encode()
        self.assertEqual(self.home.json("dataset", "assert", "few", text=text), {"added": 4})
        # The least confident first: right, wrong, another class, skipped.
        self.assertEqual(self.home.json("dataset", "verify", "few", "--as", "anna", "--limit", 4, text=b"y\nn\nship\n\n")["answered"], 3)
        states = [item["state"] for item in self.home.json("dataset", "items", "few", "--limit", 5)["items"]]
        self.assertEqual(states, ["verified", "rejected", "verified", "proposed", "none"])
        bad = self.home.run("dataset", "assert", "few", text=b'{"item": 99999, "class": "x", "agent": {"name": "a"}}')
        self.assertEqual(bad[0], NOT_FOUND)

    def test_a_snapshot_streams_the_same_whatever_comes_after(self):
        self.home.json("dataset", "add", "kept", self.images, "--labels", "imagefolder", "--trust-labels")
        first = self.home.json("dataset", "snapshot", "kept", "--note", "first")
        self.assertEqual(self.home.json("dataset", "snapshot", "kept")["name"], first["name"])
        out = self.home.folder / "epoch.tar"
        arguments = ("dataset", "stream", "kept", "--snapshot", first["name"][:12], "--seed", 3, "--output", out)
        self.assertEqual(self.home.run(*arguments)[0], OK)
        before = out.read_bytes()
        self.home.json("dataset", "assert", "kept", text=b'{"item": 5, "class": "sea", "agent": {"name": "anna"}}')
        second = self.home.json("dataset", "snapshot", "kept")
        self.assertNotEqual(second["name"], first["name"])
        changes = self.home.json("dataset", "diff", "kept", first["name"][:8], second["name"][:8])
        self.assertEqual([(change["item"], change["after"]) for change in changes["changes"]], [(5, "verified sea")])
        self.assertEqual(self.home.run(*arguments)[0], OK)
        self.assertEqual(out.read_bytes(), before)
        with tarfile.open(fileobj=io.BytesIO(before)) as tar:
            members = tar.getmembers()
            self.assertEqual(len(members), 3 * COUNT)
            told = json.loads(tar.extractfile(members[2]).read())
            self.assertEqual(hashlib.sha256(tar.extractfile(members[0]).read()).hexdigest(), told["sha256"])

    def test_a_flipped_bit_is_named_and_a_removal_leaves_nothing(self):
        self.home.json("dataset", "add", "small", self.images / "tree")
        pack = self.home.data / "datasets" / "small" / "blobs" / "packs" / "000000.pack"
        whole = pack.read_bytes()
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 4
        pack.write_bytes(flipped)
        status, out, _ = self.home.run("dataset", "check", "small")
        self.assertEqual(status, CORRUPT)
        self.assertIn("000000.pack at byte", out)
        pack.write_bytes(whole)
        data = subprocess.run([PROGRAM, "--data", self.home.data, "dataset", "cat", "small", "7"], capture_output=True, check=True).stdout
        self.assertEqual(self.home.json("dataset", "remove", "small", 7, "--reason", "asked for by letter")["removed"], [7])
        self.assertTrue(self.home.json("dataset", "check", "small")["sound"])
        item = self.home.json("dataset", "items", "small", "--from", 7, "--limit", 1)["items"][0]
        self.assertEqual((item["removed"]["reason"], item["sha256"]), ("asked for by letter", hashlib.sha256(data).hexdigest()))

    def test_a_capture_that_is_killed_goes_on(self):
        tar = self.home.folder / "many.tar"
        with tarfile.open(tar, "w") as archive:
            for number in range(60_000):
                info = tarfile.TarInfo(f"{number:06}.txt")
                info.size = len(content(number))
                archive.addfile(info, io.BytesIO(content(number)))
        delays = random.Random(7)
        for _ in range(6):
            process = subprocess.Popen([PROGRAM, "--data", self.home.data, "dataset", "add", "many", tar], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(delays.random() * 0.4)
            process.send_signal(signal.SIGKILL)
            process.wait()
        report = self.home.json("dataset", "add", "many", tar, timeout=300)
        self.assertEqual(report["added"] + report["known"], 60_000)
        self.assertEqual(self.home.json("dataset", "show", "many")["items"], 60_000)
        self.assertTrue(self.home.json("dataset", "check", "many")["sound"])


class Api(WithImages):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home.write_notes()
        cls.server = cls.home.serve()
        cls.address = f"http://127.0.0.1:{cls.server.port}"
        cls.client = Client(cls.address)
        cls.snapshot = cls.client.make_snapshot("things")["name"]

    def order(self, **options):
        return [(sample.position, sample.item) for sample in Stream(self.address, "things", snapshot=self.snapshot, seed=5, **options)]

    def test_items_bytes_and_assertions(self):
        items = list(self.client.items("things", page=300))
        self.assertEqual([item["item"] for item in items], list(range(COUNT)))
        for item in items[::97]:
            self.assertEqual(hashlib.sha256(self.client.bytes("things", item["item"])).hexdigest(), item["sha256"])
        with self.assertRaises(ServerError) as refused:
            self.client.bytes("things", COUNT)
        self.assertEqual(refused.exception.code, "not_found")
        # All or none.
        good = {"item": 3, "class": "boat", "agent": {"kind": "person", "name": "bruno"}}
        before = self.client.assertions("things", 3)
        with self.assertRaises(ServerError):
            self.client.add_assertions("things", [good, {**good, "item": 10**9 % 4294967294}])
        self.assertEqual(self.client.assertions("things", 3), before)

    def test_two_people_and_a_model(self):
        self.home.json("dataset", "add", "asked", self.images / "house")
        self.home.json("dataset", "settings", "asked", "--agree", 2, "--asked", 2, "--class", "house", "--class", "tree")
        proposal = self.client.add_assertions("asked", [{"item": 0, "class": "tree", "confidence": 0.4, "agent": {"kind": "model", "name": "m"}}])[0]
        task = self.client.queue("asked", "anna", 1)[0]
        self.assertEqual((task["item"], task["proposal"]["assertion"]), (0, proposal))
        person = lambda name: {"kind": "person", "name": name}
        self.client.add_assertions("asked", [{"item": 0, "kind": "accept", "parent": proposal, "agent": person("anna")}])
        self.assertEqual(self.client.assertions("asked", 0)["state"], "proposed")
        self.assertNotEqual(self.client.queue("asked", "anna", 1)[0]["item"], 0)
        self.client.add_assertions("asked", [{"item": 0, "class": "house", "parent": proposal, "agent": person("bruno")}])
        self.assertEqual(self.client.assertions("asked", 0)["state"], "disputed")
        self.client.add_assertions("asked", [{"item": 0, "kind": "adjudicate", "class": "house", "agent": person("chloe")}])
        self.assertEqual(self.client.assertions("asked", 0)["answers"][0]["body"]["value"], "house")
        with self.assertRaises(ServerError) as refused:
            self.client.add_assertions("asked", [{"item": 1, "class": "boat", "agent": person("anna")}])
        self.assertEqual(refused.exception.code, "invalid")

    def test_an_epoch_is_the_same_for_any_number_of_readers(self):
        whole = self.order()
        self.assertEqual([position for position, _ in whole], list(range(COUNT)))
        self.assertEqual(sorted(item for _, item in whole), list(range(COUNT)))
        self.assertEqual(self.order(block=7), whole)
        for world in (2, 3):
            shares = [self.order(rank=rank, world=world) for rank in range(world)]
            self.assertEqual(sorted(sum(shares, [])), whole)
        self.assertNotEqual([item for _, item in self.order(epoch=1)], [item for _, item in whole])
        balanced = self.order(balanced=True)
        self.assertEqual(len(balanced), COUNT)

    def test_it_goes_on_at_any_position(self):
        whole = self.order()
        positions = random.Random(1).sample(range(COUNT), 40)
        for position in positions:
            stream = Stream(self.address, "things", snapshot=self.snapshot, seed=5, block=64)
            if position:
                for count, _ in enumerate(stream, 1):
                    if count == position:
                        break
            state = json.loads(json.dumps(stream.state_dict()))
            self.assertEqual(state["position"], position)
            again = Stream(self.address, "things", block=100).load_state_dict(state)
            sample = next(iter(again))
            self.assertEqual((sample.position, sample.item), whole[position])
        for sample in Stream(self.address, "things", snapshot=self.snapshot):
            self.assertEqual(hashlib.sha256(sample.data).digest(), sample.sha256)
            self.assertTrue(sample.data.startswith(sample.class_name.encode()))

    def test_shards_are_tars(self):
        query = {"snapshot": self.snapshot, "seed": 5, "from": 100, "count": 50}
        tar = self.client.stream("things", **query).read()
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            items = [json.loads(archive.extractfile(member).read())["item"] for member in archive if member.name.endswith(".json")]
        self.assertEqual(items, [item for _, item in self.order()[100:150]])

    def test_a_removed_item_keeps_its_position(self):
        self.home.json("dataset", "add", "gone", self.images / "tree", "--labels", "imagefolder")
        labels = [{"item": number, "class": "tree", "agent": {"name": "anna"}} for number in range(30)]
        self.client.add_assertions("gone", labels)
        name = self.client.make_snapshot("gone")["name"]
        before = [sample.item for sample in Stream(self.address, "gone", snapshot=name, seed=2)]
        self.home.json("dataset", "remove", "gone", 11, "--reason", "asked for")
        after = Stream(self.address, "gone", snapshot=name, seed=2, removed=True)
        self.assertEqual([sample.item for sample in after], before)
        self.assertEqual([sample.item for sample in Stream(self.address, "gone", snapshot=name, seed=2)], [item for item in before if item != 11])
        with self.assertRaises(ServerError) as refused:
            self.client.bytes("gone", 11)
        self.assertEqual(refused.exception.status, 410)


if __name__ == "__main__":
    unittest.main()
