"""What a failed scenario leaves behind, in build/hil/TARGET/SCENARIO: enough to see what happened without running it again.

scenario.toml and wrong.txt say what was asked and found; log.csv is what the press had logged as samples and events.csv
the rest; the target adds truth.csv, console.txt and, where there are pins, pins.vcd.
"""

import csv
import shutil
from pathlib import Path
from typing import Any

from stackpress.press import Press

from hil_tests.run import pulled
from hil_tests.targets.base import Target

ROOT = Path(__file__).resolve().parents[1]


def folder(kind: str, scenario: str, form: str) -> Path:
    return ROOT / "build" / "hil" / kind / (scenario if form == "short" else f"{scenario}.{form}")


def leave(into: Path, scenario: Path, wrong: str, target: Target, press: Press) -> None:
    """Never raises: it tells of a failure and must not hide it."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    shutil.copyfile(scenario, into / "scenario.toml")
    notes = [wrong]
    for part in (target.leave_traces, lambda at: log(press, at)):
        try:
            part(into)
        except Exception as error:  # noqa: BLE001 - a press that does not answer leaves no log
            notes.append(f"without {getattr(part, '__name__', 'log')}: {type(error).__name__}: {error}")
    (into / "wrong.txt").write_text("\n".join(notes) + "\n")


def log(press: Press, into: Path) -> None:
    """Pull everything that the press has logged, once more."""
    from stackpress_core.log import records

    got: Any = pulled(press)
    samples = got.samples
    with (into / "log.csv").open("w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(samples.dtype.names)
        rows.writerows([str(value).replace("\n", " ") for value in row] for row in samples.tolist())
    with (into / "events.csv").open("w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(("boot", "seq", "kind", "fields"))
        rows.writerows((one.boot, one.seq, records.KINDS[one.kind][0], one.fields) for one in got.others)
