"""The tick of one board as one viper function: the stages of the chip, of the parts that the board has, and of the press.

Which stage stands where is a table here; pins, registers and fixed words are filled in, so nothing is looked up while it runs and a
part that a board does not have costs it nothing.
"""

import ast
import sys
from pathlib import Path
from typing import Any

from stackpress.config import hardware

from boards.images import fuse
from boards.images.sources import CannotBuild
from boards.thumb import compiler
from boards.thumb.simplify import CannotCompile

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
CORE = FIRMWARE / "stackpress_core" / "tick"
DRIVERS = FIRMWARE / "drivers"
MEMORY = DRIVERS / "memory.py"  # where fixed words and CRC table lie is said there only
SWITCHES = ("estop_a", "estop_b", "guard_a", "guard_b", "pressure_ok", "supply_ok", "start", "stop", "reset", "select")  # words.IN
VALVES = ("dump", "fill", "vent", "trigger_out")
# Before which stage of the press (or at the end), whose, and the function's name in the chip's or the part's *_stages.py.
RECEIVE, JUDGE, RECORD, END = "sense", "watch", "record", ""
PLACES = (
    (RECEIVE, "chip", "begin"), (RECEIVE, "converter", "receive"), (RECEIVE, "scale", "scale"),
    (JUDGE, "inputs", "inputs"), (JUDGE, "buttons", "buttons"), (JUDGE, "scale", "travel"),
    (RECORD, "outputs", "outputs"), (RECORD, "actuator", "drive"),
    (END, "deadman", "token"), (END, "chip", "end"), (END, "converter", "resync"), (END, "chip", "breathe"),
)  # fmt: skip


def frame() -> Any:
    """The frame's words. Raises CannotBuild if a table has more rows than the frame has room for."""
    if str(FIRMWARE) not in sys.path:
        sys.path.insert(0, str(FIRMWARE))
    try:
        from stackpress_core.tick import words
    except ValueError as reason:
        raise CannotBuild(str(reason)) from reason
    return words


def constants(board: dict[str, Any]) -> dict[str, int]:
    """What the stages of the chip and of the parts name: fixed words, registers, pins, and everything of the frame."""
    words = frame()
    pins, chip, scratch = board["pins"], board["chip"], board["chip"]["scratch"]
    table = scratch + fuse.constants_of(MEMORY)["_CRC_TABLE"]
    masks = {f"_{role.upper()}_MASK": 1 << pins[role] if role in pins else 0 for role in VALVES}
    found = {**fixed_words(), **masks, "_BASE": scratch, "_CRC_TABLE": table, "_OUT_MASK": sum(masks.values()),
             "_SWITCH_MASK": (1 << switches(pins)) - 1, "_TRIGGER_MASK": 1 << pins["trigger_in"] if "trigger_in" in pins else 0,
             "_ALWAYS_OK": sum(words.IN[name] for name in unwatched(board))}  # fmt: skip
    found["_IRQ_MASK"] = 1 << chip["pio0_irq_0"]
    found.update((f"_{name.upper()}", chip[name] // 4) for name in ("gpio_in", "gpio_out_set", "gpio_out_clr"))
    found.update((f"_PIN_{role.upper()}", number) for role, number in pins.items())
    found.update((f"_{name.upper()}", number) for name, number in board["settings"].items())
    found.update(("_" + name, number) for name, number in words.AT.items())
    found.update(("_" + name, value) for name, value in vars(words).items() if name.isupper() and isinstance(value, int))
    found.update(("_IN_" + name.upper(), bit) for name, bit in words.IN.items())
    return found


def fixed_words() -> dict[str, int]:
    """The numbers of the fixed words, from the one place where they stand."""
    tree = ast.parse(MEMORY.read_text())
    row = next(n.targets[0] for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Tuple))
    return {f"_{ast.unparse(name)}": number for number, name in enumerate(row.elts)}


def switches(pins: dict[str, int]) -> int:
    """How many inputs of the frame stand at neighbouring pins, in the order of its bits."""
    return next((n for n, role in enumerate(SWITCHES) if role not in pins), len(SWITCHES))


def unwatched(board: dict[str, Any]) -> list[str]:
    """Inputs of the frame that this board has nothing to watch with: taken as good, and its README says so."""
    if board["drivers"].get("inputs") != "pins":
        return []
    watched = {"supply_ok": "supply_ok" in board["pins"] or "panel" in board["drivers"], "travel_ok": "scale" in board["drivers"]}
    return [name for name, there in watched.items() if not there]


def _stage(board: dict[str, Any], whose: str, function: str) -> Path | None:
    """The file that has this stage for this board."""
    driver = board["drivers"].get(whose, "")
    part = hardware.part(whose, driver)
    name = part.modules[0] if part and part.modules else "rp2" if whose == "chip" or driver == "pins" else ""
    path = DRIVERS / f"{name}_stages.py"
    return path if path.exists() and f"\ndef {function}(" in path.read_text() else None


def fast_tick(board: dict[str, Any]) -> str:
    """The text of the module."""
    known, scratch = constants(board), board["chip"]["scratch"]
    lines = [f"s = ptr32(ptr32({scratch})[0])", f"r = ptr16(ptr32({scratch})[1])"]
    imports: list[str] = []
    for module, stage in [*fuse.stages(CORE), ("", END)]:
        for place, whose, function in PLACES:
            path = _stage(board, whose, function) if place == stage else None
            if path:
                own = path.with_name(path.name.replace("_stages", ""))  # its driver: what both name stands there
                shared = fuse.constants_of(own) if own.exists() else {}
                lines += fuse.stage(path, function, ("s", "r"), {**shared, **known})
                imports += _imports(path)
        if module:
            lines += fuse.stage(CORE / f"{module}.py", stage)
    text = fuse.module("tick", "_", lines)
    if not imports:
        try:
            return compiler.module(text, fuse.fixed_words(FIRMWARE))
        except CannotCompile as reason:
            raise CannotBuild(f"the tick of {board['name']}: {reason}") from reason
    # what calls a function stays viper, and MicroPython's way to a handler
    text += "\n\nSIZE = 0\n"
    unknown = sorted({n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and n.id.startswith("_")})
    if unknown:
        raise CannotBuild(f"the stages of {board['name']} name what nobody says: {', '.join(unknown)}")
    return text.replace("import micropython\n", "\n".join(["import micropython", *dict.fromkeys(imports)]) + "\n", 1)


def _imports(path: Path) -> list[str]:
    """What a stage calls: it must be imported by the fused module as well."""
    tree = ast.parse(path.read_text())
    return [ast.unparse(n) for n in tree.body if isinstance(n, ast.ImportFrom) and n.module != "micropython"]
