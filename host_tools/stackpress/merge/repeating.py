"""Parquet of a table whose columns repeat: a row of the press stands beside many of an instrument's, most columns seldom change.

A general writer is given every row of every column and finds out again that they repeat. Here a column comes as runs, each a value
and in how many rows it stands, and is written so, as a dictionary and how often each of its entries comes: a million rows of 35
columns take a third of the processor's time. Only what such a table needs is here: flat columns, one page in each row group, not
compressed; a table with columns of other kinds is for Polars to write. The layout is that of https://github.com/apache/parquet-format.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import polars as pl


class Long(int):
    """A number that Parquet's footer has in 64 bits."""


MAGIC, CREATOR = b"PAR1", "stackpress"
OPTIONAL, UNCOMPRESSED = 1, 0
PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8  # encodings
DATA_PAGE, DICTIONARY_PAGE = 0, 2
BYTE_ARRAY, UTF8 = 6, 0
# kind of Polars: physical type, converted type, what numpy writes it as
NUMBERS = {
    "Float64": (5, None, "<f8"), "Float32": (4, None, "<f4"),
    "UInt8": (1, 11, "<i4"), "UInt16": (1, 12, "<i4"), "UInt32": (1, 13, "<u4"), "UInt64": (2, 14, "<u8"),
    "Int8": (1, 15, "<i4"), "Int16": (1, 16, "<i4"), "Int32": (1, 17, "<i4"), "Int64": (2, 18, "<i8"),
}  # fmt: skip
TEXTS = ("String", "Enum")
CODES = {int: 5, Long: 6, str: 8, list: 9, dict: 12}  # of Thrift
RUN_BYTES = 3  # of a run's length and entry, about: shorter runs than pay for it are written row for row
Counts = npt.NDArray[np.int64]


class Runs:
    """How many rows each run has; columns that change at the same rows share it."""

    def __init__(self, lengths: Counts) -> None:
        self.lengths = lengths
        self.rows = int(lengths.sum())

    @cached_property
    def numbered(self) -> bytes:
        """The runs where each is the next entry of its dictionary."""
        return _indices(np.arange(len(self.lengths)), self.lengths)


@dataclass(frozen=True)
class Column:
    """A column in a row group: a value, or null, for each of its runs."""

    values: "pl.Series"
    runs: Runs


def fits(schema: "Mapping[str, pl.DataType]") -> bool:
    """Whether a table of these columns can be written here."""
    return all(str(kind.base_type()) in (*NUMBERS, *TEXTS) for kind in schema.values())


def write(file: BinaryIO, nothing: "pl.DataFrame", groups: Iterable[Sequence[Column]], metadata: Mapping[str, str]) -> None:
    """Write row groups, each with its columns in order of those of a table without rows. Raises OSError."""
    schema, metadata = nothing.schema, {**metadata, **_of_polars(nothing)}
    file.write(MAGIC)
    elements: list[dict[int, Any]] = [{4: "schema", 5: len(schema)}]
    for name, kind in schema.items():
        physical, converted = NUMBERS.get(str(kind.base_type()), (BYTE_ARRAY, UTF8))[:2]
        elements.append({1: physical, 3: OPTIONAL, 4: name, 6: converted})
    told, written = [], 0
    for columns in groups:
        chunks = [_chunk(file, element, column) for element, column in zip(elements[1:], columns, strict=True)]
        size, rows = sum(chunk[3][7] for chunk in chunks), columns[0].runs.rows
        told.append({1: chunks, 2: Long(size), 3: Long(rows)})
        written += rows
    pairs = [{1: key, 2: text} for key, text in metadata.items()]
    footer = _struct({1: 1, 2: elements, 3: Long(written), 4: told, 5: pairs, 6: CREATOR})
    file.writelines((footer, struct.pack("<I", len(footer)), MAGIC))


def _of_polars(nothing: "pl.DataFrame") -> dict[str, str]:
    """What Polars has a file say of its columns, as the names that an Enum knows."""
    import polars as pl

    written = BytesIO()
    nothing.write_parquet(written)
    return pl.read_parquet_metadata(BytesIO(written.getvalue()))


# -- pages -------------------------------------------------------------------------------------------------------------


def _chunk(file: BinaryIO, element: dict[int, Any], column: Column) -> dict[int, Any]:
    """Write a column's pages of a row group; gives what the footer says of them."""
    begin = file.tell()
    values, runs = column.values, column.runs
    rows, levels = runs.rows, _levels(values, runs)
    if values.null_count():
        valid = values.is_not_null().to_numpy()
        values, runs = values.drop_nulls(), Runs(runs.lengths[valid])
    plain = _plain(values)
    entries, runs = _merged(plain, runs)
    width = plain.dtype.itemsize
    if plain.dtype == object or len(entries) * (width + RUN_BYTES) < runs.rows * width:
        entries, body = _numbered(entries, runs)
        _page(file, {1: DICTIONARY_PAGE, 7: {1: len(entries), 2: PLAIN}}, _bytes(entries))
        data_at, encoding = file.tell(), RLE_DICTIONARY
    else:
        data_at, encoding, body = begin, PLAIN, _bytes(plain if len(plain) == runs.rows else np.repeat(entries, runs.lengths))
    _page(file, {1: DATA_PAGE, 5: {1: rows, 2: encoding, 3: RLE, 4: RLE}}, levels, body)
    size = Long(file.tell() - begin)
    about = {1: element[1], 2: [PLAIN, RLE, encoding], 3: [element[4]], 4: UNCOMPRESSED, 5: Long(rows), 6: size, 7: size,
             9: Long(data_at), 11: Long(begin) if data_at > begin else None}  # fmt: skip
    return {2: Long(begin), 3: about}


def _plain(values: "pl.Series") -> npt.NDArray[Any]:
    """Values as they stand in a page; texts as they are."""
    import polars as pl

    kind = str(values.dtype.base_type())
    if kind in TEXTS:
        return values.cast(pl.String).to_numpy()
    return values.to_numpy().astype(NUMBERS[kind][2], copy=False)


def _bytes(values: npt.NDArray[Any]) -> Any:
    if values.dtype != object:
        return np.ascontiguousarray(values).view(np.uint8).data
    texts = [text.encode() for text in values]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _merged(values: npt.NDArray[Any], runs: Runs) -> tuple[npt.NDArray[Any], Runs]:
    """Runs that follow each other with the same value made one; numbers are compared bit for bit."""
    bits = values.view(f"u{values.dtype.itemsize}") if values.dtype.kind == "f" else values
    changes = np.flatnonzero(bits[1:] != bits[:-1]) + 1
    if len(changes) + 1 >= len(values):
        return values, runs
    begins = np.concatenate([[0], changes])
    return values[begins], Runs(np.add.reduceat(runs.lengths, begins))


def _levels(values: "pl.Series", runs: Runs) -> bytes:
    """Which rows have a value."""
    there, found = np.ones(1, np.uint8), Runs(np.array([runs.rows]))
    if values.null_count():
        there, found = _merged(values.is_not_null().to_numpy().astype(np.uint8), runs)
    coded = _hybrid(there, found.lengths, 1)
    return struct.pack("<I", len(coded)) + coded


def _numbered(entries: npt.NDArray[Any], runs: Runs) -> tuple[npt.NDArray[Any], bytes]:
    """A dictionary and its runs. A number may stand in it twice, a text only once: pandas makes categories of them."""
    if entries.dtype != object:
        return entries, runs.numbered
    once = {text: number for number, text in enumerate(dict.fromkeys(entries))}
    return np.array(list(once), object), _indices(np.array([once[text] for text in entries], np.int64), runs.lengths)


def _indices(entries: Counts, lengths: Counts) -> bytes:
    """Entries of a dictionary, each so many times: the width of an entry's number in bits, then the runs."""
    bits = max(1, int(entries.max(initial=0)).bit_length())
    return bytes([bits]) + _hybrid(entries, lengths, (bits + 7) // 8)


def _hybrid(values: npt.NDArray[Any], lengths: Counts, width: int) -> bytes:
    """Runs as twice their length, seven bits a byte, and their value in `width` bytes."""
    heads = lengths << 1
    places = max(1, (int(heads.max(initial=0)).bit_length() + 6) // 7)
    cells = np.zeros((len(heads), places + width), np.uint8)
    used = np.ones(cells.shape, bool)
    for place in range(places):
        left = heads >> 7 * place
        cells[:, place] = (left & 127) | np.where(left > 127, 128, 0)
        used[:, place] = (left > 0) | (place == 0)
    for place in range(width):
        cells[:, places + place] = (values >> 8 * place) & 255
    return cells[used].tobytes()


def _page(file: BinaryIO, header: dict[int, Any], *body: Any) -> None:
    size = sum(len(part) for part in body)
    file.writelines((_struct({**header, 2: size, 3: size}), *body))


# -- Thrift's compact protocol: what headers and the footer are written in ---------------------------------------------


def _struct(fields: Mapping[int, Any]) -> bytes:
    """A struct of {number of a field: value}; what is None is left out."""
    out, past = bytearray(), 0
    for number, value in sorted(fields.items()):
        if value is not None:
            out.append(number - past << 4 | CODES[type(value)])
            out += _value(value)
            past = number
    return bytes(out) + b"\0"


def _value(value: Any) -> bytes:
    if isinstance(value, int):
        return _varint(value << 1)  # none is negative
    if isinstance(value, str):
        text = value.encode()
        return _varint(len(text)) + text
    if isinstance(value, dict):
        return _struct(value)
    kind = CODES[type(value[0])]
    head = bytes([len(value) << 4 | kind]) if len(value) < 15 else bytes([0xF0 | kind]) + _varint(len(value))
    return head + b"".join(map(_value, value))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])
