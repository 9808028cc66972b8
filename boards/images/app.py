"""Build the app set of a board: `python -m boards.images.app pico2`. The same firmware as .mpy files, for a stock MicroPython.

What is frozen runs from flash; a set is loaded onto the heap, and that is the question with it. Measured on an RP2040: 128841
bytes of .mpy took 221664 bytes of heap. So a set says how much it wants, and nobody sends one that its chip has no room for.
"""

import hashlib
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from stackpress.flashing.app_sets import FORMAT, MANIFEST

from boards.images import frozen, revision, sources
from boards.images.board_data import board_data
from boards.images.build import ROOT, mpy_cross
from boards.images.flash_map import chip_of

OUT = ROOT / "build" / "apps"
HEAP_PER_BYTE = 221664 / 128841
RECORDER_BYTES = 16384  # the flight recorder lies on the heap here
NOT_THERE = ("_boot.py", "boot.py")  # the stock image has its own


def build(name: str) -> Path:
    """The set's folder. Raises CannotBuild."""
    board = board_data(name)
    if board["drivers"].get("flash") == "internal":
        raise sources.CannotBuild(f"{name} keeps its journal in the internal flash, which a stock MicroPython uses as a whole")
    board = {**board, "image": {**board["image"], "flight_recorder_bytes": RECORDER_BYTES}}
    out, source = OUT / name, OUT / f"{name}.source"
    content = frozen.collect(name, board, source, 0)
    for stray in NOT_THERE:
        (source / stray).unlink()
    _own_facts(source / "image_facts.py")
    shutil.rmtree(out, ignore_errors=True)
    for path in sorted(source.rglob("*.py")):
        target = (out / path.relative_to(source)).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        options = ["-O2", f"-march={board['chip']['march']}", "-s", str(path.relative_to(source)), "-o", str(target)]
        sources.run([str(mpy_cross()), *options, str(path)], why=f"mpy-cross of {path.name}")
    (out / MANIFEST).write_text(json.dumps(manifest(out, name, board, content), indent=1))
    return out


def _own_facts(path: Path) -> None:
    """What differs from the frozen image: where it runs from, and a console that waits for its host."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith(("RUNS =", "CONSOLE_WAITS ="))]
    lines += ["CONSOLE_WAITS = True", 'RUNS = "app " + __file__.split("/")[2]']
    path.write_text("\n".join(lines) + "\n")


def manifest(folder: Path, name: str, board: dict[str, Any], content: str) -> dict[str, Any]:
    """What a set says about itself: every file with its size and SHA-256."""
    from press.version import VERSION

    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.mpy"))}
    files = {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in contents.items()}
    size = sum(len(data) for data in contents.values())
    wants = round(size * HEAP_PER_BYTE) + RECORDER_BYTES + board["image"]["heap_free_bytes"]
    return {"format": FORMAT, "board": name, "chip": chip_of(name), "version": VERSION, "git": revision.git_hash(ROOT),
            "hash": content, "bytes": size, "heap_bytes": wants, "stock_heap_bytes": board["chip"]["stock_heap_bytes"],
            "files": files}  # fmt: skip


def describe(folder: Path) -> str:
    """A line about a set, and whether it fits."""
    says = json.loads((folder / MANIFEST).read_text())
    text = f"{folder.relative_to(ROOT)}: {len(says['files'])} files, {says['bytes'] // 1024} kB, content {says['hash']}; wants"
    text += f" {says['heap_bytes'] // 1024} kB of heap, a stock {says['chip']} has {says['stock_heap_bytes'] // 1024} kB"
    if says["heap_bytes"] > says["stock_heap_bytes"]:
        text += f"\nIt does not fit there and is not sent; flash the image: make firmware BOARD={says['board']}"
    return text


def main() -> int:
    began = time.monotonic()
    try:
        for name in sys.argv[1:] or ["pico2"]:
            print(describe(build(name)))
    except sources.CannotBuild as reason:
        print(f"no app set: {reason}", file=sys.stderr)
        return 1
    print(f"{time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
