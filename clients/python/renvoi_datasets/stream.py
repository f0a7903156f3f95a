"""Samples in an order that is a pure function of (snapshot, selection, seed, epoch, position)."""

import hashlib
import struct
from typing import NamedTuple, Optional

from .client import Client

try:
    from torch.utils.data import IterableDataset, get_worker_info
except ImportError:  # everything works without PyTorch

    class IterableDataset:
        pass

    def get_worker_info():
        return None


_HEAD = struct.Struct("<IIQIBB")  # length of what follows, class, position, item, removed, length of the media type
_NO_CLASS = 0xFFFFFFFF
_PIECE = 1 << 20


class Sample(NamedTuple):
    position: int
    item: int
    label: int  # an index into Stream.classes; -1 when it has no class
    class_name: Optional[str]
    media_type: str
    data: Optional[bytes]  # None: removed on request
    sha256: bytes


class Stream(IterableDataset):
    """One epoch at a time. `block`: samples that one worker gives in a row; the batch size, when a DataLoader has workers."""

    def __init__(self, address, dataset, *, snapshot="latest", select="verified", seed=0, epoch=0, balanced=False, in_order=False,
                 rank=0, world=1, block=1024, key=None, verify=True, removed=False, transform=None):
        if not 0 <= rank < world or block < 1:
            raise ValueError("rank must be below world, and block at least 1")
        self.client, self.dataset, self.select = Client(address, key), dataset, select
        self.seed, self.epoch, self.balanced, self.in_order = seed, epoch, balanced, in_order
        self.rank, self.world, self.block = rank, world, block
        self.verify, self.removed, self.transform = verify, removed, transform
        self.consumed = 0  # of this rank's share of the epoch
        self._resolve(snapshot)

    def _resolve(self, snapshot):
        answer = self.client.classes(self.dataset, snapshot, self.select)
        self.snapshot, self.classes, self.samples = answer["snapshot"], answer["classes"], answer["samples"]

    def __len__(self):
        """Samples of this rank in an epoch, those removed since the snapshot included."""
        return max(0, (self.samples - self.rank + self.world - 1) // self.world)

    def state_dict(self, consumed=None):
        """Where the epoch is. Positions are those of all ranks together, so another number of ranks may go on."""
        given = self.consumed if consumed is None else consumed
        return {"snapshot": self.snapshot, "select": self.select, "seed": self.seed, "epoch": self.epoch, "balanced": self.balanced,
                "in_order": self.in_order, "position": given * self.world}

    def load_state_dict(self, state):
        if state["position"] % self.world:
            raise ValueError(f"position {state['position']} cannot be shared among {self.world} ranks")
        self.select, self.seed, self.epoch = state["select"], state["seed"], state["epoch"]
        self.balanced, self.in_order = state["balanced"], state["in_order"]
        self._resolve(state["snapshot"])
        self.consumed = state["position"] // self.world
        return self

    def __iter__(self):
        worker = get_worker_info()
        workers, number = (worker.num_workers, worker.id) if worker is not None else (1, 0)
        begin, end = self.consumed, len(self)
        try:
            for first in range(begin + number * self.block, end, workers * self.block):
                for sample in self._read(first, min(self.block, end - first)):
                    self.consumed += 1
                    if sample.data is not None or self.removed:
                        yield sample if self.transform is None else self.transform(sample)
            self.consumed = 0  # the epoch is over
        finally:
            self.client.close()

    def _read(self, first, count):
        """`count` samples of this rank from its `first` on."""
        response = self.client.stream(
            self.dataset, snapshot=self.snapshot, select=self.select, seed=self.seed, epoch=self.epoch,
            balanced=str(self.balanced).lower(), in_order=str(self.in_order).lower(), format="frames",
            **{"from": self.rank + first * self.world, "step": self.world, "count": count})
        buffer, given = b"", 0
        while True:
            piece = response.read(_PIECE)
            buffer = buffer + piece if buffer else piece
            at, size = 0, len(buffer)
            while size - at >= 4:
                length = int.from_bytes(buffer[at:at + 4], "little")
                if size - at - 4 < length:
                    break
                sample = self._parse(buffer, at, at + 4 + length)
                expected = self.rank + (first + given) * self.world
                if sample.position != expected:
                    raise OSError(f"position {sample.position} came where {expected} should have")
                given += 1
                yield sample
                at += 4 + length
            buffer = buffer[at:]
            if not piece:
                break
        if given != count or buffer:
            raise OSError(f"the stream broke off: {given} samples of {count}")

    def _parse(self, buffer, begin, end):
        _, label, position, item, removed, type_length = _HEAD.unpack_from(buffer, begin)
        at = begin + _HEAD.size
        media_type = buffer[at:at + type_length].decode("utf-8", "replace")
        at += type_length
        digest, data = buffer[at:at + 32], None if removed else buffer[at + 32:end]
        if self.verify and data is not None and hashlib.sha256(data).digest() != digest:
            raise OSError(f"item {item} does not have its digest")
        if label == _NO_CLASS:
            return Sample(position, item, -1, None, media_type, data, digest)
        return Sample(position, item, label, self.classes[label], media_type, data, digest)
