"""App sets: the firmware as .mpy files for a stock MicroPython, always sent beside the one that runs, never over it.

The board has two folders and a pointer. A set goes into the folder that is not pointed at, is verified there by hash, and then
the pointer is replaced in one step; firmware/stock/app_boot.py is what reads it at each start and goes back by itself if the
new set does not come to run.
"""

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import rooms
from ..errors import FlashBroken, WrongImage
from . import remote
from .flasher import Flashed, Watch, flashed, timer
from .targets import Target, Wanted, wait_for_press

BUILT = rooms.ROOT / "build" / "apps"
STOCK = rooms.FIRMWARE / "stock"
MANIFEST = "manifest.json"
FORMAT = 1  # of the manifest
WORDS = ("board", "chip", "version", "git", "hash")  # what a manifest says in words,
COUNTS = ("bytes", "heap_bytes", "stock_heap_bytes")  # and in numbers
OTHER = {"a": "b", "b": "a"}

LOOK = """
import json, os, sys
def has(name):
    try:
        return bool(os.stat(name))
    except OSError:
        return False
def text(name):
    try:
        with open(name) as f:
            return f.read()
    except OSError:
        return ""
s = os.statvfs("/")
now = (text("/app/now").split() + [""])[0]
sets = [one for one in "ab" if has("/app/%s/manifest.json" % one)]
frozen = False
try:
    import image_facts
    frozen = getattr(image_facts, "RUNS", "") == "frozen"
except ImportError:
    pass
print("stackpress" + json.dumps({"machine": sys.implementation._machine, "free": s[0] * s[3], "now": now, "sets": sets,
    "frozen": frozen, "main": text("/main.py")}))
"""
CLEAR = """
import os
def clear(path):
    for name, kind, *_ in os.ilistdir(path):
        one = path + "/" + name
        clear(one) if kind == 0x4000 else os.remove(one)
        if kind == 0x4000:
            os.rmdir(one)
def make(path):
    try:
        os.mkdir(path)
    except OSError:
        pass
make("/app")
make("/app/{letter}")
clear("/app/{letter}")
for one in {folders!r}:
    make("/app/{letter}/" + one)
"""


@dataclass(frozen=True)
class AppSet:
    """A folder that `make app` has left."""

    folder: Path
    says: dict[str, Any]

    @property
    def hash(self) -> str:
        """Of its content."""
        return str(self.says["hash"])

    @property
    def board(self) -> str:
        """Which board it is for."""
        return str(self.says["board"])

    def about(self) -> dict[str, Any]:
        """For --json."""
        keys = ("board", "chip", "version", "git", "hash", "bytes", "heap_bytes")
        return {"folder": str(self.folder), "files": len(self.says["files"]), **{key: self.says[key] for key in keys}}


@dataclass(frozen=True)
class OnBoard:
    """What a stock MicroPython has; `now` is the letter of the set that its pointer means."""

    machine: str
    free: int
    now: str
    sets: tuple[str, ...]
    frozen: bool
    main: str


def read_set(folder: Path) -> AppSet:
    """Read and judge a set: every file as its manifest says, and no more heap than there is. Raises WrongImage."""
    says = _manifest(folder)
    for name, (size, sha) in says["files"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != size or hashlib.sha256(path.read_bytes()).hexdigest() != sha:
            raise WrongImage(f"{path} is not what the manifest of its set says", "Build the set anew: `make app BOARD=...`.")
    if says["heap_bytes"] > says["stock_heap_bytes"]:
        wants, has = says["heap_bytes"] // 1024, says["stock_heap_bytes"] // 1024
        text = f"the app set of {says['board']} wants {wants} kB of heap, and a stock {says['chip']} has {has} kB"
        raise WrongImage(text, f"Flash the image, whose code stays in flash: `make firmware BOARD={says['board']}`.")
    return AppSet(folder, says)


def _manifest(folder: Path) -> dict[str, Any]:
    """A manifest of this format with everything that it must say. Raises WrongImage."""
    hint, found = "`make app BOARD=...` builds one.", None
    with contextlib.suppress(OSError, ValueError):
        found = json.loads((folder / MANIFEST).read_text())
    says: dict[str, Any] = found if isinstance(found, dict) else {}
    if says.get("format", FORMAT) != FORMAT:
        raise WrongImage(f"{folder} has a {MANIFEST} of format {says['format']}, and this host reads format {FORMAT}", hint)
    kinds = {"format": int, **dict.fromkeys(WORDS, str), **dict.fromkeys(COUNTS, int), "files": dict}
    if any(not isinstance(says.get(key), kind) for key, kind in kinds.items()) or not _are_files(says["files"]):
        raise WrongImage(f"{folder} is no app set: no whole {MANIFEST}", hint)
    return says


def _are_files(files: dict[str, Any]) -> bool:
    """Whether each has its size and its SHA-256."""
    return all(isinstance(entry, list) and [type(part) for part in entry] == [int, str] for entry in files.values())


def look(port: str) -> OnBoard:
    """What is on the board; it is at its prompt afterwards. Raises FlashBroken, WrongImage."""
    said = remote.execute(port, LOOK)
    found = next((line for line in said.splitlines() if line.startswith("stackpress{")), "")
    if not found:
        raise FlashBroken(f"the board on {port} does not say what it has: {said[-200:]}", "Is it a MicroPython board?")
    data = json.loads(found.removeprefix("stackpress"))
    return OnBoard(data["machine"], data["free"], data["now"], tuple(data["sets"]), data["frozen"], data["main"])


def check_board(app: AppSet, target: Target) -> None:
    """What can be known without disturbing a press that runs. Raises WrongImage."""
    if target.board != app.board:
        text = f"{app.folder} is for the board {app.board}; this is a {target.board}"
        raise WrongImage(text, f"`make app BOARD={target.board}`.")
    if target.place == "frozen":
        raise WrongImage(f"{target.identity} runs a frozen image, which ignores app sets", "Flash an image: `stackpress flash`.")


def check(app: AppSet, target: Target, board: OnBoard) -> None:
    """Everything that can be known before a byte is written. Raises WrongImage."""
    check_board(app, target)
    if board.frozen:
        raise WrongImage(f"{target.identity} runs a frozen image, which ignores app sets", "Flash an image: `stackpress flash`.")
    if app.says["chip"].upper() not in board.machine.upper():
        text = f"{app.folder} is for an {app.says['chip']}; this is a {board.machine}"
        raise WrongImage(text, "`make app` for the right board.")
    if board.main.strip() not in ("", (STOCK / "main.py").read_text().strip()):
        raise WrongImage("there is a main.py of somebody else on this board", "Save it, then `mpremote rm :main.py`.")
    if board.free < app.says["bytes"] * 5 // 4:
        text = f"the set has {app.says['bytes']} bytes, and {board.free} are free on the board"
        raise WrongImage(text, "Remove what is not needed.")


def send(app: AppSet, port: str, board: OnBoard, watch: Watch) -> str:
    """Into the folder that is not in use, verified there; its letter. Raises FlashBroken."""
    letter = OTHER.get(board.now, "a")
    folders = sorted({parent.as_posix() for name in app.says["files"] for parent in Path(name).parents if parent.name})
    watch.step(f"sending the set into folder {letter}")
    remote.execute(port, CLEAR.format(letter=letter, folders=folders))
    names = [*app.says["files"], MANIFEST]  # the manifest last: without it the folder is no set
    pairs = [(str(app.folder / name), f"/app/{letter}/{name}") for name in names]
    remote.copy_all(port, pairs, lambda count: watch.copied(count, len(pairs)))
    _send_chooser(port)
    watch.step("verifying")
    wrong = _ask(port, f"app_boot.faulty('{letter}')")
    if wrong:
        raise FlashBroken(f"{wrong} did not arrive as it was sent; the old set stays", "The same command again.")
    return letter


def _send_chooser(port: str) -> None:
    """What starts a set: beside, then renamed, so that there is always a whole one."""
    for name in ("app_boot.py", "main.py"):
        remote.copy_all(port, [(str(STOCK / name), f"/{name}.new")], lambda count: None)
        remote.execute(port, f"import os; os.rename('/{name}.new', '/{name}')")


def restart(target: Target) -> None:
    """From the prompt back to the set that the pointer means. Raises FlashBroken."""
    remote.run(str(target.port), ["reset"])


def switch(letter: str, wants: str, target: Target, wanted: Wanted, watch: Watch, wait_s: float) -> Flashed:
    """Point at a set, restart, and believe what the board then says. Raises FlashBroken."""
    assert target.port is not None
    watch.step(f"switching to set {letter}")
    remote.execute(target.port, f"import app_boot; app_boot.point('{letter}', 'new')")
    restart(target)
    press = wait_for_press(target, wanted, timer(wait_s))
    if press is None:
        raise FlashBroken(f"the board has not come back within {wait_s:g} s", remote.UNPLUGGED)
    with press:
        who, place = press.who(), press.firmware_place()
        if (who.release.hash, place) != (wants, f"app {letter}"):
            text = f"set {letter} did not come to run; the board went back to {place} ({who.firmware})"
            raise FlashBroken(text, "Its reason stands on the serial port at the start: `mpremote repl`.")
        return flashed(press, target)


def other_set(port: str, board: OnBoard) -> tuple[str, str]:
    """(letter, hash) of the set that does not run. Raises WrongImage if there is none that is whole."""
    letter = OTHER.get(board.now, "")
    if letter not in board.sets:
        raise WrongImage("there is no other app set on this board", "Only what was sent before can be gone back to.")
    wrong = _ask(port, f"app_boot.faulty('{letter}')")
    if wrong:
        raise WrongImage(f"the other set is not whole: {wrong}", "Send it anew with --app.")
    return letter, _ask(port, f"app_boot.manifest('{letter}')['hash']")


def _ask(port: str, expression: str) -> str:
    """The text of something that the chooser on the board knows."""
    return remote.execute(port, f"import app_boot; print('is:' + {expression})").rpartition("is:")[2].strip()
