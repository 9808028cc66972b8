"""The tick of one board as C: the stages of the chip, of the parts that it has, and of the press, and the handler that runs them.

Which stage stands where is a table here; pins, registers and fixed words are filled in, so nothing is looked up while it runs and a
part that a board does not have costs it nothing. What the handler calls is compiled into it, and it lies in RAM: flash is read
through a cache that the foreground shares.
"""

import ast
import re
from pathlib import Path
from typing import Any

from stackpress import tick_compiler
from stackpress.config import hardware

from boards.images import literals
from boards.images.sources import CannotBuild

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
CORE = FIRMWARE / "stackpress_core" / "tick"
DRIVERS = FIRMWARE / "drivers"
ROOTS = (FIRMWARE, ROOT / "boards")  # where what a stage imports is found
MEMORY = DRIVERS / "memory.py"  # where fixed words and CRC table lie is said there only
SWITCHES = ("estop_a", "estop_b", "guard_a", "guard_b", "pressure_ok", "supply_ok", "start", "stop", "reset", "select")
VALVES = ("dump", "fill", "vent", "trigger_out")
# Before which stage of the press (or at the end), whose, and the function's name in the chip's or the part's *_stages.py.
RECEIVE, WATCH, RECORD, END = "sense", "watch", "record", ""
PLACES = (
    (RECEIVE, "chip", "begin"), (RECEIVE, "converter", "receive"), (RECEIVE, "scale", "scale"),
    (WATCH, "inputs", "inputs"), (WATCH, "buttons", "buttons"), (WATCH, "scale", "travel"),
    (RECORD, "outputs", "outputs"), (RECORD, "actuator", "drive"),
    (END, "deadman", "token"), (END, "chip", "end"), (END, "converter", "resync"), (END, "chip", "breathe"),
)  # fmt: skip
DIVIDER = """
// RP2040 datasheet 2.3.1.5: signed operands, then the quotient when it is ready, after 8 cycles.
enum {{ DIVIDEND, DIVISOR, SIGNED_DIVIDEND, SIGNED_DIVISOR, ITS_QUOTIENT, REMAINDER, STATUS, READY = 1, DIRTY = 2 }};
static inline void ready(volatile int32_t *sio) {{
    while (!(sio[STATUS] & READY)) {{
    }}
}}

static inline int32_t divided(volatile int32_t *sio, int32_t a, int32_t b) {{
    sio[SIGNED_DIVIDEND] = a;
    sio[SIGNED_DIVISOR] = b;
    ready(sio);
    return sio[ITS_QUOTIENT];
}}

// Whoever was interrupted between operands and quotient finds all of it as it was. Rare: one copy, in RAM as its caller.
__attribute__((noinline, section("{section}"))) static int32_t quotient_within(volatile int32_t *sio, int32_t a, int32_t b) {{
    ready(sio);
    int32_t dividend = sio[DIVIDEND], divisor = sio[DIVISOR], remainder = sio[REMAINDER], before = sio[ITS_QUOTIENT];
    int32_t q = divided(sio, a, b);
    sio[DIVIDEND] = dividend;
    sio[DIVISOR] = divisor;
    sio[REMAINDER] = remainder;
    sio[ITS_QUOTIENT] = before;
    return q;
}}

static inline int32_t quotient(int32_t a, int32_t b) {{
    volatile int32_t *sio = (volatile int32_t *){divider:#x};
    return sio[STATUS] & DIRTY ? quotient_within(sio, a, b) : divided(sio, a, b);
}}
#define QUOTIENT(a, b) quotient(a, b)

"""
MUST = {"converter": "receive", "actuator": "drive"}  # what the tick can't do without, where a board has such a part
SECTION = ".time_critical.press_tick"  # of what lies in RAM
HANDLER = """
// An interrupt's handler as it stands: it keeps r4 - r11 and returns by the link register (ARMv6-M B1.5.6).
__attribute__((flatten, section("{section}"))) void press_tick(void) {{
    volatile uint32_t *words = (volatile uint32_t *){base:#x};
    tick({arguments});
}}
"""


def constants(board: dict[str, Any]) -> dict[str, int]:
    """What the stages of the chip and of the parts name: fixed words, registers, pins, and everything of the blackboard."""
    blackboard = literals.imported("stackpress_core.tick.blackboard")
    pins, chip, scratch = board["pins"], board["chip"], board["chip"]["scratch"]
    table = scratch + tick_compiler.constants_of(MEMORY)["_CRC_TABLE"]
    masks = {f"_{role.upper()}_MASK": 1 << pins[role] if role in pins else 0 for role in VALVES}
    fixed = {f"_{name}": number for name, number in fixed_words().items()}
    found = {**fixed, **masks, "_BASE": scratch, "_CRC_TABLE": table, "_OUT_MASK": sum(masks.values()),
             "_SWITCH_MASK": (1 << switches(pins)) - 1, "_TRIGGER_MASK": 1 << pins["trigger_in"] if "trigger_in" in pins else 0,
             "_ALWAYS_OK": sum(blackboard.IN[name] for name in unwatched(board))}  # fmt: skip
    found["_IRQ_MASK"] = 1 << chip["pio0_irq_0"]
    found.update((f"_{name.upper()}", chip[name] // 4) for name in ("gpio_in", "gpio_out_set", "gpio_out_clr"))
    found.update((f"_PIN_{role.upper()}", number) for role, number in pins.items())
    found.update((f"_{name.upper()}", number) for name, number in board["settings"].items())
    found.update(("_" + name, number) for name, number in dict(blackboard.AT).items())
    found.update(("_" + name, value) for name, value in vars(blackboard).items() if name.isupper() and isinstance(value, int))
    found.update(("_IN_" + name.upper(), bit) for name, bit in blackboard.IN.items())
    return found


def fixed_words() -> dict[str, int]:
    """The numbers of the fixed words, from the one place where they stand."""
    tree = ast.parse(MEMORY.read_text())
    row = next(n.targets[0] for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Tuple))
    return {ast.unparse(name): number for number, name in enumerate(row.elts)}


def switches(pins: dict[str, int]) -> int:
    """How many inputs of the blackboard stand at neighbouring pins, in the order of its bits."""
    return next((n for n, role in enumerate(SWITCHES) if role not in pins), len(SWITCHES))


def unwatched(board: dict[str, Any]) -> list[str]:
    """Inputs of the blackboard that this board has nothing to watch with: taken as good, and its README says so."""
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


def check_parts(board: dict[str, Any]) -> None:
    """A part without its driver, or a stage that no place calls, must not drop out of the tick in silence. Raises CannotBuild."""
    for role, driver in board["drivers"].items():
        part = hardware.part(role, driver)
        if not part or not part.modules:
            continue
        for module in part.modules:
            if not (DRIVERS / f"{module}.py").exists():
                raise CannotBuild(f"{board['name']}: {role} = {driver!r} wants firmware/drivers/{module}.py, which is not there")
        file, called = DRIVERS / f"{part.modules[0]}_stages.py", [function for _, whose, function in PLACES if whose == role]
        there = re.findall(r"^def (\w+)\(", file.read_text(), re.M) if file.exists() else []
        for stage in there:
            if stage not in called:
                raise CannotBuild(f"{file.relative_to(ROOT)}: {stage} is no stage of a {role}; the tick calls {', '.join(called)}")
        if role in MUST and MUST[role] not in there:
            raise CannotBuild(f"{file.relative_to(ROOT)}: a {role} needs the stage {MUST[role]}")


def stages_of(board: dict[str, Any]) -> list[tick_compiler.Stage]:
    """Every stage in the order in which the tick runs them. Raises CannotTranslate, CannotBuild."""
    check_parts(board)
    known, found = constants(board), []
    core = tick_compiler.read_order(CORE / "tick.py", "tick", roots=ROOTS)
    for place in [*core, None]:
        for before, whose, function in PLACES:
            path = _stage(board, whose, function) if before == (place.name if place else END) else None
            if path:
                own = path.with_name(path.name.replace("_stages", ""))  # its driver: what both name stands there
                shared = tick_compiler.constants_of(own) if own.exists() else {}
                found.append(tick_compiler.read(path, function, {**shared, **known}, ROOTS))
        if place:
            found.append(place)
    return found


def source(board: dict[str, Any]) -> str:
    """The C file of a board's tick. CannotBuild if the emitter can not, or the blackboard has no room."""
    try:
        return with_handler(stages_of(board), board["chip"]["scratch"], board["chip"].get("divider", 0))
    except tick_compiler.CannotTranslate as reason:
        raise CannotBuild(f"the tick of {board['name']}: {reason}") from None


def with_handler(found: list[tick_compiler.Stage], base: int, divider: int = 0) -> str:
    """The stages as one C file with the handler that runs them: it finds their arrays in the fixed words at `base`.

    `divider` is where a chip whose processor can't divide has what can: a library's division would have to lie in RAM as well.
    """
    text, numbers = tick_compiler.c_source("tick", found), fixed_words()
    signature = next(line for line in text.splitlines() if line.startswith("void tick("))
    given = re.findall(r"\*restrict (\w+)", signature)
    arguments = ", ".join(f"(void *)words[{numbers[name.upper()]}]" for name in given)
    if divider:
        text = text.replace("#include <stdint.h>\n", "#include <stdint.h>\n" + DIVIDER.format(divider=divider, section=SECTION), 1)
    return text + HANDLER.format(section=SECTION, base=base, arguments=arguments)
