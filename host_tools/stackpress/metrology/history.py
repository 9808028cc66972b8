"""What this computer knows of each load cell: its certificates, when the next one is due, and its zeros before and after every
run.

    <data>/calibrations/<serial>.json        one cell's certificates, oldest first; nothing is ever taken out
    <data>/calibrations/documents/<hash>     calibrations as presses had them in force, so that a run's hash finds its cells

A run's log names its calibration by hash. A certificate belongs to a run if the cell had the same points: another cell's new
calibration changes the hash, and not what this one's certificate says.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from stackpress_core.identity import digest

from ..config.calibration_file import Calibration, CellCalibration, from_document
from ..logs.runs import document, runs
from ..logs.store import Store, file_name
from ..paths import data_folder
from ..whole_file import write_whole

FORMAT = 1
SOON_DAYS = 30
OLD_DAYS = 366  # a calibration without a certificate is asked about after so long


@dataclass(frozen=True)
class Certificate:
    """What is kept of one certificate; the file beside it says the rest. Percentages are the worst of the verified forces."""

    number: str
    identity: str
    channel: int
    serial: str
    points: tuple[tuple[int, float], ...]
    together: tuple[str, ...]  # serials of the cells that carried the force with it
    range_name: str
    range_n: float
    from_n: float | None  # the lowest force of its class
    grade: str
    q_pct: float
    b_pct: float
    v_pct: float | None
    f0_pct: float
    expanded_pct: float
    degree: int
    done: date
    due: date
    operator: str
    temperature_c: float | None
    reference: str
    counts_per_n: float
    folder: str

    @property
    def told(self) -> str:
        """In a sentence, as a run's report quotes it."""
        grade = f"class {self.grade}" if self.from_n is not None else "no class"
        low = f" from {self.from_n:g} N" if self.from_n is not None else ""
        return (f"{self.number}: {grade}{low} to {self.range_n:g} N, modelled on ISO 7500-1; error up to {self.q_pct:+.2f} %,"
                f" expanded uncertainty {self.expanded_pct:.2f} % (k = 2), {self.done} by"
                f" {self.operator or 'nobody who gave a name'} with {self.reference}, due {self.due}")  # fmt: skip

    def days_left(self, today: date) -> int:
        """Until it is due; below zero afterwards."""
        return (self.due - today).days


def folder(root: Path | None = None) -> Path:
    """Where the files lie."""
    return (data_folder() if root is None else root) / "calibrations"


def of_cell(serial: str, root: Path | None = None) -> list[Certificate]:
    """A cell's certificates, oldest first; none if nothing is kept. Raises ValueError for a file of another release."""
    path = folder(root) / f"{file_name(serial)}.json"
    if not path.exists():
        return []
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["format"] != FORMAT:
            raise ValueError(f"format {kept['format']}")
        return [_certificate(one) for one in kept["certificates"] if one["serial"] == serial]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no history of this release: {error}") from error


def _certificate(told: dict[str, Any]) -> Certificate:
    points = tuple((int(code), float(force)) for code, force in told["points"])
    days = {key: date.fromisoformat(told[key]) for key in ("done", "due")}
    return Certificate(**{**told, **days, "points": points, "together": tuple(told["together"])})


def keep(one: Certificate, root: Path | None = None) -> Path:
    """Append a certificate to its cell's history. Raises OSError, ValueError."""
    before = of_cell(one.serial, root)
    path = folder(root) / f"{file_name(one.serial)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(each), "done": each.done.isoformat(), "due": each.due.isoformat()} for each in (*before, one)]
    write_whole(path, json.dumps({"format": FORMAT, "serial": one.serial, "certificates": rows}, indent=1))
    return path


def serials(root: Path | None = None) -> list[str]:
    """Of every cell that has a history."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder(root).glob("*.json"))]
    return sorted(str(one["serial"]) for one in found)


def note_document(data: bytes, root: Path | None = None) -> str:
    """Keep a calibration as a press has it in force; gives the hash that its runs name. Raises OSError."""
    name = str(digest(data).hex())
    path = folder(root) / "documents" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data.decode("utf-8"))
    return name


def calibration_of(name: str, root: Path | None = None) -> Calibration | None:
    """The calibration of that hash; None if this computer never saw it."""
    path = folder(root) / "documents" / name
    return from_document(path.read_bytes()) if path.is_file() else None


def certificate_of(cell: CellCalibration, root: Path | None = None) -> Certificate | None:
    """The newest certificate of this cell with these very points."""
    fitting = [one for one in of_cell(cell.serial, root) if one.points == cell.points]
    return fitting[-1] if fitting else None


def due_text(cell: CellCalibration, today: date, root: Path | None = None) -> tuple[bool, str]:
    """(whether something is to be done, what is known) of a cell's calibration."""
    found = certificate_of(cell, root)
    if found is None:
        days = (today - datetime.fromtimestamp(cell.unix_s, UTC).date()).days if cell.unix_s else None
        age = "of an unknown day" if days is None else f"{max(0, days)} days old"
        return days is not None and days > OLD_DAYS, f"{cell.serial}: {age}, no certificate is kept here"
    left = found.days_left(today)
    when = f"was due on {found.due}, {-left} days ago" if left < 0 else f"due {found.due}, in {left} days"
    return left <= SOON_DAYS, f"{cell.serial}: {found.number}, class {found.grade}, {when}"


def quoted(
    hashes: dict[str, str] | None, used: int, start_unix_s: float | None, root: Path | None = None
) -> list[tuple[str, str, bool]]:
    """(cell, sentence, whether the run began behind its due date) of each of a run's cells, for its report."""
    name = (hashes or {}).get("calibration", "")
    have = calibration_of(name, root) if name else None
    if have is None:
        return []
    began = datetime.fromtimestamp(time.time() if start_unix_s is None else start_unix_s, UTC).date()
    rows = []
    for channel, cell in enumerate(have.cells[:used], 1):
        if cell is not None:
            found = certificate_of(cell, root)
            late = found is not None and found.days_left(began) < 0
            rows.append((f"Force Cell {channel} ({cell.serial})", found.told if found else "no certificate is kept here", late))
    return rows


@dataclass(frozen=True)
class Zero:
    """What an unloaded cell showed before and after a run / N; None where it could not be told."""

    run_id: str
    unix_s: float
    before_n: float | None
    after_n: float | None


def zeros(found: Sequence[Certificate], root: Path | None = None) -> list[Zero]:
    """A cell's zeros in the runs that are kept here of the presses and channels in which it was certified, oldest first."""
    places = {(one.identity, one.channel) for one in found}
    with Store(root) as store:
        kept = [run for run in runs(store) if run.run and run.start_unix_s is not None]
    return [zero for run in kept for zero in _zeros(run, places)]


def _zeros(run: Any, places: set[tuple[str, int]]) -> Iterator[Zero]:
    side = document(run)
    for identity, channel in sorted(places):
        if identity != (side["press"].get("identity") or run.board):
            continue
        values = [(side["zero"][key] or [None] * 4) for key in ("before_n", "after_n")]
        before, after = (one[channel - 1] if channel <= len(one) else None for one in values)
        if before is not None or after is not None:
            yield Zero(run.run_id, run.start_unix_s, before, after)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for back in range(4):
        try:
            return date(year, month + 1, day.day - back)
        except ValueError:
            continue
    raise ValueError(f"no day {day.day} in a month")
