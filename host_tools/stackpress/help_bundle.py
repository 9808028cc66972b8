"""One zip file with what somebody needs who has to help with a press, and nothing secret: `stackpress doctor --bundle help.zip`.

Whoever helps from afar asks for the same things each time. They are gathered without judging: a part that can't be had is told in
`missing.txt` and the rest is there all the same, for it is a sick press that this is made of.
"""

import csv
import io
import json
import platform
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .doctor import PACKAGES, Finding
from .errors import PressError, PressRefused

if TYPE_CHECKING:
    from .logs.store import Store
    from .press import Press

SECRET = ("service",)  # documents that leave no press
RUNS, BOOTS = 3, 20  # the newest so many
ABOUT = """What stackpress doctor --bundle packs, for whoever helps:

about.json          versions of stackpress, Python, its packages and this computer
doctor.txt          what the doctor found, and what to do
why.txt, why.png    what stopped the press, with the flight recorder's window
press/              status, parameters, interlocks, and every document that is in force (no unlock code)
log/events.csv      events, trips, steps and starts of the newest boots
log/                tables, sidecars and flight recorder of the newest runs
missing.txt         what could not be had, and why

Names of samples and operators are in it as they were logged. Paths of the user's own folder are written as ~.
"""


class Bundle:
    """The zip file while it is made; `add` scrubs texts, `part` notes what can't be had."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._home = str(Path.home())
        self.missing: list[str] = []

    def add(self, name: str, text: str) -> None:
        """A text, without the name of the user's own folder."""
        self._archive.writestr(name, text.replace(self._home, "~") if len(self._home) > 1 else text)

    def add_json(self, name: str, document: Any) -> None:
        """A document."""
        self.add(name, json.dumps(document, indent=1, default=str))

    def add_bytes(self, name: str, data: bytes) -> None:
        """What is no text."""
        self._archive.writestr(name, data)

    def part(self, name: str, make: Callable[[], None]) -> None:
        """A part that may fail without taking the others along."""
        try:
            make()
        except (PressError, OSError, ValueError, KeyError) as error:
            self.missing.append(f"{name}: {type(error).__name__}: {error}")


def write(path: Path, findings: Iterable[Finding], press: "Press | None", store: "Store") -> list[str]:
    """Make the file; gives what is missing in it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        bundle = Bundle(archive)
        bundle.add("README.txt", ABOUT)
        bundle.add_json("about.json", about())
        bundle.add("doctor.txt", "".join(f"{one.verdict:<4}  {one.what}: {one.text}\n      {one.todo}\n" for one in findings))
        if press is None:
            bundle.missing.append("press: none was reached; what was pulled from one before is here")
        else:
            bundle.part("press", lambda: _press(bundle, press))
            bundle.part("why", lambda: _why(bundle, press, store))
        bundle.part("log", lambda: _log(bundle, store, press))
        bundle.add("missing.txt", "".join(line + "\n" for line in bundle.missing) or "nothing\n")
    partial.replace(path)
    return bundle.missing


def about() -> dict[str, Any]:
    """What runs here."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("stackpress", "pyserial", *PACKAGES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"packages": found, "python": sys.version, "system": platform.platform(), "machine": platform.machine()}


def _press(bundle: Bundle, press: "Press") -> None:
    bundle.add_json("press/status.json", {"who": vars(press.who()), **press.snapshot().as_dict()})
    bundle.add_json("press/parameters.json", [vars(press.parameter(name)) for name in press.parameters()])
    bundle.add_json("press/interlocks.json", [vars(press.interlock(name)) for name in press.interlocks()])
    for one in press.documents():
        text = None if one.name in SECRET else press.document_get(one.name)
        if text is not None:
            bundle.add(f"press/documents/{one.name}.json", text.decode("utf-8", "replace"))


def _why(bundle: Bundle, press: "Press", store: "Store") -> None:
    from .logs.flight import draw_flight
    from .logs.pull import pull_press
    from .logs.report_content import png
    from .why import of_press

    account = of_press(press, pull_press(press, store)[0].log)
    bundle.add("why.txt", "\n".join([account.sentence, "", *account.did, "", *account.later, "", *account.checks, ""]))
    if account.flight:
        bundle.add_bytes("why.png", png(draw_flight(account.flight, account.reason), 130))


def _log(bundle: Bundle, store: "Store", press: "Press | None") -> None:
    from .logs.runs import runs

    kept = runs(store)
    board = _board(press) or (kept[-1].board if kept else "")
    mine = [one for one in kept if one.board == board]
    for run in [one for one in mine if one.run][-RUNS:] + [one for one in mine if not one.run][-1:]:
        for file in sorted(store.runs_folder.glob(f"{run.run_id}.*")):
            bundle.add_bytes(f"log/{file.name}", file.read_bytes())
    paths = store.raw_paths(board) if board else []
    if not paths:
        bundle.missing.append("log: nothing was pulled from this press to this computer")
        return
    rows = io.StringIO()
    csv.writer(rows).writerows(_events(paths[-1]))
    bundle.add("log/events.csv", rows.getvalue())


def _board(press: "Press | None") -> str:
    try:
        return press.identity if press else ""
    except PressRefused:
        return ""


def _events(path: Path) -> Iterator[list[Any]]:
    """A row each, what is no sample and no part of a window; the fields of a kind as one JSON text."""
    from stackpress_core.log import records

    from .logs.raw_file import decoded
    from .logs.sidecar import event_text

    yield ["boot", "number", "press time / s", "kind", "text", "fields"]
    told = [one for one in decoded(path).others if one.kind not in (records.FLIGHT, records.PULLED)]
    newest = max((one.boot for one in told), default=0)
    for one in told:
        if one.boot > newest - BOOTS:
            text = event_text(one.fields) if one.kind == records.EVENT else ""
            yield [one.boot, one.seq, one.press_s, records.KINDS[one.kind][0], text, json.dumps(one.fields, default=_plain)]


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
