"""Look for what is wrong, from this computer outwards to the press: each finding says what to do.

Whoever calls the doctor does not know where the fault is, so everything is looked at, in the order in which one thing
needs the other, and a fault ends only what cannot go on without it.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .states import TRIPPED

if TYPE_CHECKING:
    from .press import Press

OK, WARN, FAIL = "ok", "warn", "fail"
PACKAGES = ("typer", "rich", "serial", "platformdirs", "psutil", "numpy", "polars", "matplotlib", "jinja2")
NEEDED = (("config", "stackpress config push"), ("ceilings", "stackpress config ceilings write"),
          ("calibration", "stackpress calibrate cell"))  # fmt: skip
# one rule: no modem manager speaks to a press, and whoever sits at the computer may open it
RULES_FILE = "/etc/udev/rules.d/70-stackpress.rules"
RULE = 'SUBSYSTEMS=="usb", ATTRS{idVendor}=="2e8a", ENV{ID_MM_DEVICE_IGNORE}="1", TAG+="uaccess"'
CLOCK_EARLIEST_S = 1_750_000_000  # a computer that says an earlier time has lost its clock


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `todo` says what to do, empty when nothing is to be done."""

    verdict: str
    what: str
    text: str
    todo: str = ""


def examine(port: str | None, with_press: bool = True) -> Iterator[Finding]:
    """Everything, one finding after the other."""
    yield from computer()
    if not with_press:
        return
    from .errors import PressError

    try:
        yield from ports(port)
        from .press import open_press

        with open_press(port) as press:
            yield from of_press(press)
    except PressError as error:
        yield Finding(FAIL, "link", str(error), error.hint)


def computer() -> Iterator[Finding]:
    """Python, packages, folders, clock."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info >= (3, 11)
    yield Finding(OK if good else FAIL, "python", version, "" if good else "stackpress needs Python 3.11 or newer.")
    missing = [name for name in PACKAGES if not _importable(name)]
    todo = f"python -m pip install {' '.join(missing)}" if missing else ""
    yield Finding(
        FAIL if missing else OK, "packages", f"missing: {', '.join(missing)}" if missing else "all there", todo
    )
    yield from _folder()
    now = time.time()
    lost = now < CLOCK_EARLIEST_S
    shown = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    yield Finding(
        WARN if lost else OK, "clock", shown, "Set this computer's clock: logs are dated by it." if lost else ""
    )


def _importable(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _folder() -> Iterator[Finding]:
    from .paths import data_folder

    folder = data_folder()
    at: Path = folder
    while not at.exists() and at != at.parent:
        at = at.parent
    good = os.access(at, os.W_OK)
    todo = "" if good else f"Make {at} writeable: logs and runs are kept there."
    yield Finding(OK if good else FAIL, "data folder", str(folder), todo)


def ports(named: str | None) -> Iterator[Finding]:
    """Which ports have a press, and whether this user may open them."""
    from .ports import choose_port, find_ports

    found = find_ports()
    told = ", ".join(f"{one.device} ({one.text})" for one in found) or "none"
    yield Finding(OK if found or named else FAIL, "presses", told, "" if found or named else _no_press())
    device = choose_port(named)
    if os.name == "posix" and not os.access(device, os.R_OK | os.W_OK):
        there = os.path.exists(device)
        todo = "Add yourself to the group of the port (dialout or uucp), then log in again." if there else _no_press()
        yield Finding(FAIL, "port", f"{device}: {'no permission' if there else 'does not exist'}", todo)
        return
    yield Finding(OK, "port", device)
    if sys.platform == "linux":
        yield modem_manager(device)


def modem_manager(device: str, proc: Path = Path("/proc"), udev: Path = Path("/run/udev/data")) -> Finding:
    """Whether ModemManager tries modem commands on this port as soon as it is plugged in, in front of the press's first client."""
    runs = any(_read(name).strip() == "ModemManager" for name in proc.glob("[0-9]*/comm"))
    todo = f"Put this line into {RULES_FILE}, run `sudo udevadm control --reload`, and plug the press in again: {RULE}"
    if not runs:
        return Finding(OK, "ModemManager", "does not run on this computer", f"On one where it does, {RULES_FILE} wants: {RULE}")
    if "E:ID_MM_DEVICE_IGNORE=1" in _read(udev / _udev_name(device)).splitlines():
        return Finding(OK, "ModemManager", f"runs, and leaves {device} alone")
    return Finding(WARN, "ModemManager", f"runs, and may speak to {device} in front of the press's own clients", todo)


def _udev_name(device: str) -> str:
    """Under which udev keeps what it knows of a device."""
    try:
        number = os.stat(device).st_rdev
    except OSError:
        return "none"
    return f"c{os.major(number)}:{os.minor(number)}"


def _read(file: Path) -> str:
    """A file of the system's, empty where there is none (a process may end while it is looked at)."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _no_press() -> str:
    return "Plug the press in (a data cable, not a charging cable), or start one with `stackpress sim`."


def of_press(press: "Press") -> Iterator[Finding]:
    """Everything that the press can tell about itself."""
    for look in (_identity, _parameters, _documents, _due, _owner, _tick, _memory, _journal, _clock, _state):
        yield from look(press)


def _identity(press: "Press") -> Iterator[Finding]:
    who = press.who()
    yield Finding(OK, "press", f"{who.serial}, board {who.board}, firmware {who.version}")
    yield from _image(press)
    from stackpress_core.version import VERSION

    same = who.version == VERSION
    todo = "" if same else "Update the one that is older: parameters and records may differ."
    text = f"firmware {who.version}, this host knows {VERSION}"
    yield Finding(OK if same else WARN, "firmware", text, todo)


PLACES = {"frozen": "frozen image", "simulated": "simulated press"}


def _image(press: "Press") -> Iterator[Finding]:
    """What it was made of, and where it lies."""
    release, place = press.who().release, press.firmware_place()
    if not release.hash:
        yield Finding(WARN, "image", "this firmware does not say what it was made of", "`stackpress flash` brings a newer one.")
        return
    text = f"{PLACES.get(place, place or 'unknown')}, board {press.board_name}, commit {release.git}, content {release.hash}"
    yield Finding(OK, "image", text)


def _parameters(press: "Press") -> Iterator[Finding]:
    """Whether press and host know the same parameters; of those that only the press has, what they are."""
    from .config.documents import toml_value
    from .config.schema import parameters

    theirs, ours = press.parameters(), parameters()
    more = [press.parameter(name) for name in theirs if name not in ours]
    less = [name for name in ours if name not in theirs]
    text = f"{len(theirs)} of the press"
    if more:
        text += f"; this host does not know {', '.join(f'{one.name} = {toml_value(one.value)} ({one.help})' for one in more)}"
    if less:
        text += f"; the press does not know {', '.join(less)}"
    todo = "`config push` leaves out what the press does not know, and leaves as it is what this host does not know."
    yield Finding(WARN if more or less else OK, "parameters", text, todo if more or less else "")


def _documents(press: "Press") -> Iterator[Finding]:
    told = press.store_told()
    if told:
        todo = "`stackpress flash --erase-storage` makes a new one; what the old one held is then gone." if "flash" in told else ""
        yield Finding(FAIL if todo else WARN, "store of documents", told, todo)
    have = {one.name: one for one in press.documents()}
    for name, command in NEEDED:
        one = have.get(name)
        if one is None or one.state != "ok":
            state = "missing" if one is None else one.state
            yield Finding(FAIL, name, state, f"`{command}`: the press can't be armed without it.")
        else:
            yield Finding(OK, name, f"{one.size} bytes, CRC-32 {one.crc:08x}")
    bad = [one.name for one in have.values() if one.state != "ok" and one.name not in dict(NEEDED)]
    if bad:
        yield Finding(WARN, "documents", f"not whole: {', '.join(bad)}", "Send them again, or remove them.")


def _due(press: "Press") -> Iterator[Finding]:
    """When each cell's calibration is due, by the certificates that are kept here. The calibration is remembered by its hash."""
    from datetime import date

    from .config.calibration_file import from_document
    from .metrology.history import due_text, note_document

    data = press.document_get("calibration")
    if data is None:
        return
    try:
        note_document(data)
        told = [due_text(cell, date.today()) for cell in from_document(data).cells if cell is not None]
    except (OSError, ValueError) as error:
        yield Finding(WARN, "calibration due", str(error), "The certificates that are kept here can't be read: move the file away.")
        return
    soon = any(one for one, _ in told)
    todo = "`stackpress calibrate series`: verify what is in force with --degree 0, or fit it anew." if soon else ""
    yield Finding(WARN if soon else OK, "calibration due", "; ".join(text for _, text in told), todo)


def _owner(press: "Press") -> Iterator[Finding]:
    owned = press.has_code()
    if owned is None:
        yield Finding(WARN, "owner's code", "this firmware knows none", "`stackpress flash` brings a newer one.")
    elif owned:
        yield Finding(OK, "owner's code", "is set: ceilings, calibration and weaker parameters need it")
    else:
        todo = "`stackpress service set`: until then nobody can write ceilings, calibration or parameters that protect less."
        yield Finding(WARN, "owner's code", "none is set", todo)


def _tick(press: "Press") -> Iterator[Finding]:
    tick = press.tick()
    text = f"{tick.rate_hz} Hz, longest {tick.worst_us} us, {tick.missed} missed of {tick.count}"
    period_us = 1_000_000 // max(1, tick.rate_hz)
    if tick.missed:
        yield Finding(WARN, "tick", text, "The force loop is too slow for its rate: lower tick_rate_hz.")
    elif tick.worst_us > period_us:
        yield Finding(WARN, "tick", text, f"The longest tick is over its period of {period_us} us.")
    else:
        yield Finding(OK, "tick", text)


def _memory(press: "Press") -> Iterator[Finding]:
    memory = press.memory()
    total = memory.free + memory.used
    text = f"{memory.free // 1024} KiB free of {total // 1024} KiB"
    text += f"; {memory.lost_lines} lines lost, {memory.dropped_answers} answers dropped, {memory.stops} stop bytes"
    low = memory.free < total // 10
    todo = "Restart the firmware when the press is safe." if low else ""
    yield Finding(WARN if low else OK, "memory", text, todo)


def _journal(press: "Press") -> Iterator[Finding]:
    log = press.log_state()
    waiting = max(0, log.next - max(log.first, log.pulled + 1))
    text = f"{log.next - log.first} records, {waiting} not pulled yet"
    missing = press.log_missing()
    if missing:
        todo = "Have the journal's flash chip looked at; `journal_in_ram` lets the press run without it."
        yield Finding(FAIL, "journal", f"in RAM only, gone with the power: {missing}", todo)
    elif log.dropped:
        yield Finding(FAIL, "journal", f"{text}, {log.dropped} dropped", "The log storage fails: have it replaced.")
    elif log.overwritten:
        yield Finding(
            WARN, "journal", f"{text}, {log.overwritten} overwritten before they were pulled", "Pull more often."
        )
    else:
        yield Finding(OK, "journal", text, "`stackpress log pull` fetches them." if waiting > 100_000 else "")


def _clock(press: "Press") -> Iterator[Finding]:
    """Whether press time runs as this computer's does: a second of each."""
    before, wall = press.time(), time.monotonic()
    time.sleep(1.0)
    after = press.time()
    passed = time.monotonic() - wall
    if after.boot_id != before.boot_id:
        yield Finding(FAIL, "press time", "the press restarted while it was looked at", "Check its supply.")
        return
    rate = (after.seconds - before.seconds) / passed
    text = f"up {after.seconds:.0f} s, boot {after.boot_id}, {rate:.2f} press seconds a second"
    right = 0.8 < rate < 1.2
    todo = "" if right else "Right for a simulated press with another pace; a real one is not well."
    yield Finding(OK if right else WARN, "press time", text, todo)


def _state(press: "Press") -> Iterator[Finding]:
    snapshot = press.snapshot()
    if snapshot.state == TRIPPED:
        yield Finding(FAIL, "state", f"tripped by {snapshot.trip_reason}", snapshot.trip_told)
    else:
        yield Finding(OK, "state", snapshot.state)
    for name in snapshot.warnings:
        yield Finding(WARN, "warning", name, press.interlock(name).hint)
    for code, text in snapshot.checks:
        yield Finding(WARN, "arming", f"{text} ({code})")
    for number, text in press.errors():
        yield Finding(WARN, "left error", f"{number} {text}", "Another program left it in the press's queue.")
