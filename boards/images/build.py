"""Build the image of a board: `python -m boards.images.build pico`. A second build with nothing changed takes no time.

Everything that the firmware runs is frozen (frozen.py). The flight recorder lies in the C heap, before the collector's; its
address is known after the first link, so an image is linked twice when it moves.
"""

import fcntl
import hashlib
import json
import os
import shutil
import struct
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stackpress import revision, tick_compiler
from stackpress.flashing import flash_map, uf2
from stackpress.flashing.images import image_sum
from stackpress_core.version import VERSION

from boards.images import about, frozen, sources, tick
from boards.images.board_data import board_data

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ROOT / "boards"
OUT = ROOT / "build" / "images"
HERE = Path(__file__).resolve().parent
# -O1 without what copies code or keeps more in registers than a Cortex-M0+ has, and with what finds the same code twice: it lies
# in RAM. A register may be read for the reading alone.
TICK = (*tick_compiler.FLAGS, "-O1", "-fno-move-loop-invariants", "-fno-tree-dominator-opts", "-fno-tree-fre",
        "-fno-reorder-blocks", "-fcse-follow-jumps", "-fcrossjumping", "-fira-algorithm=priority", "-g",
        "-Wno-unused-but-set-variable")  # fmt: skip
CMAKE = ("-DPICO_NO_PICOTOOL=1", "-DPICO_CLIB=newlib", "-DCMAKE_BUILD_TYPE=MinSizeRel",  # pico-sdk 2.2 of Debian wants picolibc
         "-DTICK_FLAGS=" + ";".join(TICK))  # fmt: skip


def build(name: str) -> Path:
    """The UF2 of a board, built if anything changed; one at a time. Raises CannotBuild."""
    board = board_data(name)
    text_of_tick = tick.source(board)
    sources.tools()
    (OUT / name).mkdir(parents=True, exist_ok=True)
    with (OUT / name / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build(name, board, text_of_tick, OUT / name)


def _build(name: str, board: dict[str, Any], text_of_tick: str, out: Path) -> Path:
    frozen_hash = frozen.collect(name, board, text_of_tick, out / "frozen", 0)
    own = [path for folder in (HERE, HERE / "micropython", BOARDS / name / "micropython") for path in sorted(folder.iterdir())]
    git, used = revision.git_hash(ROOT), _hash(p.read_bytes() for p in own if p.is_file())
    state = _hash(word.encode() for word in (frozen_hash, sources.key(), git, used, os.environ.get("MPY_DIR", "")))
    image, stamp = out / "firmware.uf2", out / "stamp.json"
    if image.exists() and stamp.exists():
        last = json.loads(stamp.read_text())
        if last["state"] == state:
            print(f"{image.relative_to(ROOT)} is up to date: {last['text']}")
            return image
    mpy, sdk = sources.checkout()
    _board_folder(name, board["chip"], out / "micropython")
    _write(out / "micropython/tick.c", text_of_tick.splitlines())
    _write(out / "micropython/about.c", about.source(board, VERSION, git, sources.version()).splitlines())
    # other switches of MicroPython are another build: what it makes from its headers is not made anew when a header changes
    switches = _hash(path.read_bytes() for path in sorted((out / "micropython").iterdir()) if path.suffix != ".c")
    work = sources.cache() / "build" / (name + "-" + hashlib.sha256(f"{mpy}{out}{switches}{CMAKE}".encode()).hexdigest()[:8])
    address = _address(work)
    for _ in range(3):
        frozen.collect(name, board, text_of_tick, out / "frozen", address)
        _make(name, out / "micropython", mpy, sdk, work)
        if _address(work) == address:
            break
        address = _address(work)
    else:
        raise sources.CannotBuild(f"the flight recorder of {name} lies elsewhere after every link: no address holds")
    text = _use(work, board)
    image.write_bytes(uf2.encode(_with_sum((work / "firmware.bin").read_bytes(), _symbols(work)), board["chip"]["uf2_family"]))
    shutil.copy(work / "firmware.elf", out / "firmware.elf")
    info = {"state": state, "text": text, "hash": frozen_hash, "git": git, "board": name}
    stamp.write_text(json.dumps(info))
    print(f"{image.relative_to(ROOT)}: {text}")
    return image


def _with_sum(image: bytes, symbols: dict[str, int]) -> bytes:
    """The image up to the end that the linker gives it, and behind that the sum of its words, which the firmware compares before
    anything may be armed (tick_code.c)."""
    end = symbols["__flash_binary_end"] - uf2.FLASH
    if end % 4 or not end - uf2.PAYLOAD < len(image) <= end:
        raise sources.CannotBuild(f"the image has {len(image)} bytes and ends at {end}: there is no place for its sum")
    image = image.ljust(end, b"\0")
    return image + struct.pack("<I", image_sum(image))


def end_of_image(flash: bytes) -> int:
    """Where the sum stands behind an image. Raises RuntimeError if there is none."""
    found = 2166136261
    for at, (word,) in enumerate(struct.iter_unpack("<I", flash)):
        if word == found and at > 1000:
            return 4 * at
        found = (found ^ word) * 16777619 & 0xFFFFFFFF
    raise RuntimeError("the image has no sum behind it")


def _hash(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _board_folder(name: str, chip: dict[str, Any], folder: Path) -> None:
    """What MicroPython takes for a board's folder: what all boards share, the board's own files, and where its memory ends."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in (*(HERE / "micropython").iterdir(), *(BOARDS / name / "micropython").iterdir()):
        target = folder / file.name
        if not target.exists() or target.read_bytes() != file.read_bytes():
            shutil.copyfile(file, target)
    ends = {"__GcHeapEnd": "heap_end", "__StackBottom": "stack_bottom"}  # the linker script's name: ours
    ends = {symbol: ours for symbol, ours in ends.items() if ours in chip}
    _write(folder / "memory_map.h", [f"#define {symbol} press_{ours}" for symbol, ours in ends.items()])
    _write(folder / "memory_map.cmake", [f"add_link_options(-Wl,--defsym=press_{ours}={chip[ours]:#x})" for ours in ends.values()])


def _write(file: Path, lines: list[str]) -> None:
    text = "".join(line + "\n" for line in lines)
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def _make(name: str, folder: Path, mpy: Path, sdk: Path, work: Path) -> None:
    if not (work / "build.ninja").exists():
        work.mkdir(parents=True, exist_ok=True)
        sources.run(
            ["cmake", "-G", "Ninja", "-S", str(mpy / "ports/rp2"), "-B", str(work), f"-DMICROPY_BOARD={name}",
             f"-DMICROPY_BOARD_DIR={folder}", f"-DPICO_SDK_PATH_OVERRIDE={sdk}", *CMAKE,
             f"-DMICROPY_FROZEN_MANIFEST={folder / 'manifest.py'}"],
            why="cmake")  # fmt: skip
    print("compiling ...", flush=True)
    sources.run(["ninja", "-C", str(work), "-j2"], why="the build of MicroPython")


def _symbols(work: Path) -> dict[str, int]:
    elf = work / "firmware.elf"
    if not elf.exists():
        return {}
    lines = sources.run(["arm-none-eabi-nm", str(elf)]).splitlines()
    return {words[2]: int(words[0], 16) for words in (line.split() for line in lines) if len(words) == 3}


def _address(work: Path) -> int:
    """Where the flight recorder lies: the C heap, which nothing else uses; 0 before the first link."""
    return (_symbols(work).get("__bss_end__", 0) + 15) & ~15


def _use(work: Path, board: dict[str, Any]) -> str:
    """What the image takes, in words. CannotBuild if flash or RAM can't hold what the board's image.toml wants."""
    s, wanted = _symbols(work), board["image"]
    flash, heap = (work / "firmware.bin").stat().st_size, board["chip"].get("heap_end", s["__GcHeapEnd"]) - s["__GcHeapStart"]
    recorder = wanted["flight_recorder_bytes"]
    if s["__GcHeapStart"] < _address(work) + recorder:
        raise sources.CannotBuild(f"MICROPY_C_HEAP_SIZE must be {recorder + 16} at least: the flight recorder lies there")
    room = board["flash_kb"] * 1024 - flash_map.storage_bytes(board["name"])
    if flash > room:
        raise sources.CannotBuild(f"the image takes {flash} bytes of flash, and only {room} are before the file system")
    left = heap - wanted["heap_used_bytes"]
    if left < wanted["heap_free_bytes"]:
        raise sources.CannotBuild(f"{left} bytes of heap would be free while running, not {wanted['heap_free_bytes']}")
    static = _address(work) - 0x20000000
    return (f"flash {flash // 1024} of {room // 1024} kB; RAM {static // 1024} kB static + {recorder // 1024} kB recorder"
            f" + {heap // 1024} kB heap, {left // 1024} of it free while running")  # fmt: skip


def main() -> int:
    began = time.monotonic()
    try:
        for name in sys.argv[1:] or ["pico"]:
            build(name)
    except sources.CannotBuild as reason:
        print(f"no image: {reason}", file=sys.stderr)
        return 1
    print(f"{time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
