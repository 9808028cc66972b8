"""Raw record streams into arrays: every CRC checked, every missing sequence number counted, a million samples a second.

Samples have one fixed size and mostly follow each other, so a run of them is read as one numpy array. Their CRCs are
checked a block at a time by one fact of CRC-32: the CRC of a message that ends in its own CRC does not depend on the
message, so the CRC over n such records depends on n only. A block that misses its constant is checked record by record.
"""

import mmap
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from stackpress_core.log import records

Bytes = bytes | bytearray | memoryview | mmap.mmap
Samples = npt.NDArray[np.void]
_CODES = {"B": "u1", "H": "<u2", "I": "<u4", "h": "<i2", "i": "<i4"}
_BLOCK = 2048  # records whose CRC is checked in one go


def _sample_dtype() -> np.dtype[np.void]:
    parts: list[Any] = [("kind", "u1"), ("length", "u1"), ("boot", "<u4"), ("seq", "<u4")]
    for name, code, *_ in records.KINDS[records.SAMPLE][1]:
        parts.append((name, _CODES[code[-1]]) if len(code) == 1 else (name, _CODES[code[-1]], (int(code[:-1]),)))
    return np.dtype([*parts, ("crc", "<u4")])


SAMPLE_DTYPE = _sample_dtype()
SAMPLE_BYTES = SAMPLE_DTYPE.itemsize
_SAMPLE_LENGTH = records.SIZES[records.SAMPLE]
_SAMPLE_MARK = records.SAMPLE | _SAMPLE_LENGTH << 8


@dataclass(frozen=True)
class Record:
    """One record that is not a sample: its frame and its fields as the table names them (raw integers, text, bytes)."""

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

    views: list[Samples]  # runs of samples, still in the stream's own memory
    others: list[Record]
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
        return sum(len(v) for v in self.views) + len(self.others)

    @property
    def samples(self) -> Samples:
        """All samples as one array (a copy)."""
        return np.concatenate(self.views) if self.views else np.empty(0, SAMPLE_DTYPE)

    def of(self, *kinds: int) -> list[Record]:
        """The records of these kinds, in order."""
        return [r for r in self.others if r.kind in kinds]


def blocks(views: Iterable[Samples], size: int = 8192) -> Iterator[Samples]:
    """The samples of all views in blocks that fit the processor's cache; the same memory is used for each block."""
    block = np.empty(size, SAMPLE_DTYPE)
    target, fill = block.view(np.uint8), 0
    for view in views:
        source, at = np.ascontiguousarray(view).view(np.uint8), 0
        while at < len(source):
            n = min(len(source) - at, (size - fill) * SAMPLE_BYTES)
            target[fill * SAMPLE_BYTES : fill * SAMPLE_BYTES + n] = source[at : at + n]
            fill, at = fill + n // SAMPLE_BYTES, at + n
            if fill == size:
                yield block
                fill = 0
    if fill:
        yield block[:fill]


@lru_cache(maxsize=64)
def _constant(n: int) -> int:
    """CRC-32 over n sample records that each end in their own CRC."""
    body = bytes(SAMPLE_BYTES - 4)
    return zlib.crc32((body + zlib.crc32(body).to_bytes(4, "little")) * n)


def whole_record(raw: memoryview, at: int) -> int:
    """Length of the valid record at `at`, or 0."""
    if at + records.OVERHEAD_BYTES > len(raw) or raw[at] not in records.KINDS:
        return 0
    end = at + records.FRAME_BYTES + raw[at + 1]
    if end + 4 > len(raw) or zlib.crc32(raw[at:end]) != int.from_bytes(raw[end : end + 4], "little"):
        return 0
    return end + 4 - at


def _looks_like_samples(raw: memoryview, at: int) -> int:
    """How many records from `at` on have a sample's kind and length."""
    total, room = 0, (len(raw) - at) // SAMPLE_BYTES
    chunk = 64
    while total < room:
        n = min(chunk, room - total)
        marks = np.ndarray((n,), "<u2", raw, at + total * SAMPLE_BYTES, (SAMPLE_BYTES,))
        wrong = np.flatnonzero(marks != _SAMPLE_MARK)
        if len(wrong):
            return total + int(wrong[0])
        total += n
        chunk = min(chunk * 8, 1 << 18)
    return total


def _valid_samples(raw: memoryview, at: int) -> int:
    """How many valid samples follow each other from `at` on."""
    count = _looks_like_samples(raw, at)
    done = 0
    while done < count:
        n = min(_BLOCK, count - done)
        start = at + done * SAMPLE_BYTES
        if zlib.crc32(raw[start : start + n * SAMPLE_BYTES]) != _constant(n):
            while done < count and whole_record(raw, at + done * SAMPLE_BYTES):
                done += 1
            return done
        done += n
    return count


def _walk(raw: memoryview) -> Iterator[tuple[int, int, int]]:
    """(offset, length, samples) of every piece of the stream: a run of samples, another record (0), or garbage (-1)."""
    at = 0
    while at < len(raw):
        n = _valid_samples(raw, at) if raw[at] == records.SAMPLE else 0
        if n:
            yield at, n * SAMPLE_BYTES, n
            at += n * SAMPLE_BYTES
            continue
        size = whole_record(raw, at)
        yield at, size or 1, 0 if size else -1
        at += size or 1


def _record(raw: memoryview, at: int, size: int) -> Record | None:
    kind = raw[at]
    boot, seq = int.from_bytes(raw[at + 2 : at + 6], "little"), int.from_bytes(raw[at + 6 : at + 10], "little")
    try:
        return Record(kind, boot, seq, records.unpack(kind, bytes(raw[at + 10 : at + size - 4])))
    except ValueError:
        return None


def gaps_of(seqs: npt.NDArray[np.uint32]) -> list[tuple[int, int]]:
    """Missing (first, last) between sequence numbers; they may come in any order and more than once."""
    if len(seqs) < 2:
        return []
    steps = np.diff(seqs.astype(np.int64))
    if int(steps.min()) < 1:
        steps = np.diff(seqs := np.sort(seqs)).astype(np.int64)
    where = np.flatnonzero(steps > 1)
    return [(int(seqs[i]) + 1, int(seqs[i + 1]) - 1) for i in where]


def decode(data: Bytes) -> Decoded:
    """Decode a stream of records. Never fails on content: what is no valid record is counted in `bad_bytes`."""
    raw = memoryview(data)
    views: list[Samples] = []
    others: list[Record] = []
    order: list[npt.NDArray[np.uint32]] = []
    bad = end = 0
    for at, size, count in _walk(raw):
        record = _record(raw, at, size) if count == 0 else None
        if count > 0:
            views.append(np.frombuffer(raw, SAMPLE_DTYPE, count, at))
            order.append(views[-1]["seq"])
        elif record is not None:
            others.append(record)
            order.append(np.array([record.seq], np.uint32))
        else:
            bad += size
            continue
        end = at + size
    seqs = np.concatenate(order) if order else np.empty(0, np.uint32)
    first, last = (int(seqs.min()), int(seqs.max())) if len(seqs) else (0, 0)
    return Decoded(views, others, first, last, gaps_of(seqs), bad, end)
