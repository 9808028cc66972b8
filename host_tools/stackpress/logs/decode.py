"""Raw record streams into arrays: every CRC checked, every missing sequence number counted, a million samples a second.

Samples of one firmware have one size and mostly follow each other, so a run of them is read as one numpy array. A record
says by its length which fields it has (records.py): what is shorter or longer than today's is whole all the same. The CRCs are
checked a block at a time by one fact of CRC-32: the CRC of a message that ends in its own CRC does not depend on the
message, so the CRC over n such records depends on n only. A block that misses its constant is checked record by record.
"""

import mmap
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.recfunctions import repack_fields
from stackpress_core.log import packing, records
from stackpress_core.scpi import line_safe

Bytes = bytes | bytearray | memoryview | mmap.mmap
Samples = npt.NDArray[np.void]
_CODES = {"B": "u1", "H": "<u2", "I": "<u4", "h": "<i2", "i": "<i4"}
_BLOCK = 2048  # records whose CRC is checked in one go


@lru_cache(maxsize=64)
def sample_dtype(length: int) -> np.dtype[np.void]:
    """A whole sample record whose payload has `length` bytes: the fields that it has, and `more` for what lies behind them."""
    parts: list[Any] = [("kind", "u1"), ("length", "u1"), ("boot", "<u4"), ("seq", "<u4")]
    left = length
    for name, code, *_ in records.SAMPLE_FIELDS:
        part = (name, _CODES[code[-1]]) if len(code) == 1 else (name, _CODES[code[-1]], (int(code[:-1]),))
        left -= (size := np.dtype([part]).itemsize)
        if left < 0:
            left += size
            break
        parts.append(part)
    return np.dtype([*parts, *([(packing.MORE, f"V{left}")] if left else []), ("crc", "<u4")])


SAMPLE_DTYPE = sample_dtype(packing.SIZES[records.SAMPLE])
SAMPLE_BYTES = SAMPLE_DTYPE.itemsize


@dataclass(frozen=True)
class Record:
    """One record that is not a sample: its head and its fields as the table names them (raw integers, text, bytes).

    None is a field that an older firmware did not write; `more` are the bytes behind the last one that is known.
    """

    kind: int
    boot: int
    seq: int
    fields: dict[str, Any]

    @property
    def press_s(self) -> float:
        """Press time in seconds since boot."""
        return float(self.fields["t_s"]) + float(self.fields["t_ms"]) / 1000.0


@dataclass(frozen=True)
class Decoded:
    """What a stream holds, in stream order. `gaps` are (first missing, last missing) sequence numbers."""

    views: list[Samples]  # runs of samples of one size each, still in the stream's own memory
    others: list[Record]
    unknown: list[Record]  # whole records of kinds that this host does not know
    first_seq: int
    last_seq: int
    gaps: list[tuple[int, int]]
    bad_bytes: int  # bytes that belong to no valid record, wherever they are
    good_end: int  # offset behind the last valid record: what follows is torn

    @property
    def missing(self) -> int:
        """Records whose sequence numbers were passed over."""
        return sum(last - first + 1 for first, last in self.gaps)

    @property
    def count(self) -> int:
        """Valid records of every kind."""
        return sum(len(v) for v in self.views) + len(self.others) + len(self.unknown)

    @property
    def samples(self) -> Samples:
        """All samples as one array (a copy), with the fields that every one of them has."""
        if len({view.dtype for view in self.views}) < 2:
            return np.concatenate(self.views) if self.views else np.empty(0, SAMPLE_DTYPE)
        common = [n for n in SAMPLE_DTYPE.names or () if all(n in (view.dtype.names or ()) for view in self.views)]
        return np.concatenate([repack_fields(view[common]) for view in self.views])

    @property
    def newer(self) -> dict[str, int]:
        """How many records of each kind hold what this host can't read, because a newer firmware wrote them."""
        return newer(self.views, [*self.others, *self.unknown])

    def of(self, *kinds: int) -> list[Record]:
        """The records of these kinds, in order."""
        return [r for r in self.others if r.kind in kinds]


def newer(views: Iterable[Samples], others: Iterable[Record]) -> dict[str, int]:
    """How many of these records hold bytes that no field of this host's table explains, by the name of their kind."""
    found: Counter[str] = Counter()
    found["sample"] = sum(len(v) for v in views if packing.MORE in (v.dtype.names or ()))
    for record in others:
        if packing.MORE in record.fields:
            found[records.KINDS[record.kind][0] if record.kind in records.KINDS else f"kind {record.kind}"] += 1
    return {kind: count for kind, count in sorted(found.items()) if count}


def blocks(views: Iterable[Samples], size: int = 8192) -> Iterator[Samples]:
    """The samples of all views in blocks that fit the processor's cache; the same memory is used for blocks of one type."""
    for dtype, same in groupby(views, lambda view: view.dtype):
        block, one, fill = np.empty(size, dtype), dtype.itemsize, 0
        target = block.view(np.uint8)
        for view in same:
            source, at = np.ascontiguousarray(view).view(np.uint8), 0
            while at < len(source):
                n = min(len(source) - at, (size - fill) * one)
                target[fill * one : fill * one + n] = source[at : at + n]
                fill, at = fill + n // one, at + n
                if fill == size:
                    yield block
                    fill = 0
        if fill:
            yield block[:fill]


@lru_cache(maxsize=64)
def _constant(n: int, size: int) -> int:
    """CRC-32 over n records of `size` bytes that each end in their own CRC."""
    body = bytes(size - 4)
    return zlib.crc32((body + zlib.crc32(body).to_bytes(4, "little")) * n)


def whole_record(raw: memoryview, at: int) -> int:
    """Length of the valid record at `at`, or 0."""
    if at + records.OVERHEAD_BYTES > len(raw) or raw[at + 1] > records.PAYLOAD_MAX:
        return 0
    end = at + records.HEAD_BYTES + raw[at + 1]
    if end + 4 > len(raw) or zlib.crc32(raw[at:end]) != int.from_bytes(raw[end : end + 4], "little"):
        return 0
    return end + 4 - at


def _alike(raw: memoryview, at: int, size: int) -> int:
    """How many records of `size` bytes from `at` on have the kind and the length of the one there."""
    mark = int.from_bytes(raw[at : at + 2], "little")
    total, room = 0, (len(raw) - at) // size
    chunk = 64
    while total < room:
        n = min(chunk, room - total)
        marks = np.ndarray((n,), "<u2", raw, at + total * size, (size,))
        wrong = np.flatnonzero(marks != mark)
        if len(wrong):
            return total + int(wrong[0])
        total += n
        chunk = min(chunk * 8, 1 << 18)
    return total


def _valid_samples(raw: memoryview, at: int) -> tuple[int, int]:
    """(how many valid samples of the size of the one at `at` follow each other from there on, that size)."""
    if at + 1 >= len(raw) or raw[at + 1] < records.OLDEST_BYTES[records.SAMPLE]:
        return 0, 0
    size = raw[at + 1] + records.OVERHEAD_BYTES
    count = _alike(raw, at, size)
    done = 0
    while done < count:
        n = min(_BLOCK, count - done)
        start = at + done * size
        if zlib.crc32(raw[start : start + n * size]) != _constant(n, size):
            while done < count and whole_record(raw, at + done * size):
                done += 1
            return done, size
        done += n
    return count, size


def _walk(raw: memoryview) -> Iterator[tuple[int, int, int]]:
    """(offset, length, samples) of every piece of the stream: a run of samples, another record (0), or garbage (-1)."""
    at = 0
    while at < len(raw):
        count, one = _valid_samples(raw, at) if raw[at] == records.SAMPLE else (0, 0)
        size = count * one or whole_record(raw, at)
        yield at, size or 1, count if size else -1
        at += size or 1


def _record(raw: memoryview, at: int, size: int) -> tuple[Record, bool]:
    """A valid record, and whether this host knows its kind."""
    kind = raw[at]
    boot, seq = int.from_bytes(raw[at + 2 : at + 6], "little"), int.from_bytes(raw[at + 6 : at + 10], "little")
    payload = bytes(raw[at + records.HEAD_BYTES : at + size - records.CRC_BYTES])
    try:
        return Record(kind, boot, seq, packing.unpack(kind, payload)), True
    except ValueError:
        return Record(kind, boot, seq, {packing.MORE: payload}), False


def gaps_of(seqs: npt.NDArray[np.uint32]) -> list[tuple[int, int]]:
    """Missing (first, last) between sequence numbers; they may come in any order and more than once."""
    if len(seqs) < 2:
        return []
    steps = np.diff(seqs.astype(np.int64))
    if int(steps.min()) < 1:
        steps = np.diff(seqs := np.sort(seqs)).astype(np.int64)
    where = np.flatnonzero(steps > 1)
    return [(int(seqs[i]) + 1, int(seqs[i + 1]) - 1) for i in where]


def as_it_was(data: Bytes) -> Bytes:
    """The records of a block that came without line feeds (line_safe.py); any other stream as it is."""
    if bytes(data[: len(line_safe.MARK)]) != line_safe.MARK:
        return data
    masked, size = np.frombuffer(data, np.uint8)[len(line_safe.MARK) : -1], line_safe.PIECE + 1
    found = [masked[at + 1 : at + size] ^ masked[at] for at in range(0, len(masked), size)]
    return np.concatenate(found).tobytes() if found else b""


def decode(data: Bytes) -> Decoded:
    """Decode a stream of records, or the payload of a `LOG:READ?` without its CRC-32. Never fails on content: what is no valid
    record is counted in `bad_bytes`."""
    raw = memoryview(as_it_was(data))
    views: list[Samples] = []
    others: list[Record] = []
    unknown: list[Record] = []
    order: list[npt.NDArray[np.uint32]] = []
    bad = end = 0
    for at, size, count in _walk(raw):
        if count < 0:
            bad += size
            continue
        if count:
            views.append(np.frombuffer(raw, sample_dtype(raw[at + 1]), count, at))
            order.append(views[-1]["seq"])
        else:
            record, known = _record(raw, at, size)
            (others if known else unknown).append(record)
            order.append(np.array([record.seq], np.uint32))
        end = at + size
    seqs = np.concatenate(order) if order else np.empty(0, np.uint32)
    first, last = (int(seqs.min()), int(seqs.max())) if len(seqs) else (0, 0)
    return Decoded(views, others, unknown, first, last, gaps_of(seqs), bad, end)
