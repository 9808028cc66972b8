"""Raw files that another computer has pulled, taken into this store: they hold everything, so their runs come out the same.

A file says by its records which press it is of. One that goes on where a kept one ends replaces it, one that a kept one holds
already brings nothing; nothing that is kept is ever made shorter.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackpress_core.log import records

from stackpress.errors import WrongInput
from stackpress.logs.decode import Decoded
from stackpress.logs.raw_file import decoded
from stackpress.logs.runs import ingest
from stackpress.logs.store import Store, file_name
from stackpress.whole_file import whole

_NAME = re.compile(r"(?P<board>.+)-(?P<origin>[0-9a-f]{8})\.\d+")

_WHERE = "Raw files end in .spj; they lie in the data folder under raw/."


class NoLog(WrongInput):
    """A file that holds no record of a press."""


@dataclass(frozen=True)
class TakenIn:
    """What a file brought."""

    source: Path
    board: str
    records: int
    missing: int
    bad_bytes: int
    was_there: bool
    runs: list[str]

    def __str__(self) -> str:
        lost = f", {self.missing} are missing" if self.missing else ", none is missing"
        torn = f", {self.bad_bytes} bytes are no record" if self.bad_bytes else ""
        return f"{self.records} records of {self.board}{lost}{torn}" + ("; it was here already" if self.was_there else "")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "source": str(self.source)}


def take_in(store: Store, files: Sequence[Path]) -> Iterator[TakenIn]:
    """Take in raw files, or all that lie in a folder. Raises NoLog before any is taken if one of them is none, OSError."""
    paths = [path for one in files for path in (sorted(one.rglob("*.spj")) if one.is_dir() else [one])]
    if not paths:
        raise NoLog(f"no raw file lies in {', '.join(map(str, files))}", _WHERE)
    found = [(path, _read(path)) for path in paths]
    for path, log in found:
        yield _take(store, path, log)


def _read(path: Path) -> Decoded:
    if not path.is_file():
        raise NoLog(f"there is no file {path}", "Name a raw file (.spj) or a folder of them.")
    log = decoded(path)
    if not log.count:
        raise NoLog(f"{path} holds no record of a press", _WHERE)
    return log


def _take(store: Store, path: Path, log: Decoded) -> TakenIn:
    named = _NAME.fullmatch(path.stem)
    boots = log.of(records.BOOT)
    board = boots[-1].fields["identity"] if boots else named["board"] if named else "imported"
    data = path.read_bytes()
    origin = named["origin"] if named else f"{zlib.crc32(data[: records.RECORD_MAX]):08x}"
    kept, new = _place(store, f"{file_name(board)}-{origin}", data)
    if new:
        with whole(kept) as partial:
            partial.write_bytes(data)
    return TakenIn(path, board, log.count, log.missing, log.bad_bytes, not new, ingest(store, board))


def _place(store: Store, stem: str, data: bytes) -> tuple[Path, bool]:
    """Where these records belong, and whether they bring anything: the kept file that they go on from, else a new one."""
    number = 1
    while (kept := store.raw_folder / f"{stem}.{number}.spj").exists():
        before = kept.read_bytes()
        if before.startswith(data):
            return kept, False
        if data.startswith(before):
            return kept, True
        number += 1
    return kept, True
