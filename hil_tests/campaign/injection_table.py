"""What is broken, when, and what a press must then say first: one row a kind of fault; `case` draws one of them.

`first` names the rows of the interlock table that may be the first reason (or warn, where the row only warns). `quiet` names the
moments at which nothing can be told yet, with who keeps the press safe meanwhile; the excess and a vent are judged there too.
A moment that is in neither `at` nor `quiet` is not tried: the fault has no meaning there.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Fault = tuple[str, int]
Drawn = Callable[[random.Random, "Moment"], list[Fault]]

UNFORCED = ("safe", "ready")
MOVING = ("approach", "touch", "ramp", "release", "stop")
STILL = ("hold", "relax")
DRIVEN = (*MOVING, *STILL)
PRESSED = ("touch", "ramp", "hold", "relax", "release", "stop")
ARMED = ("ready", *DRIVEN)
EVERY = ("safe", *ARMED, "vent", "held")
PHASES = EVERY
TOPS_N = (157, 664, 664, 664, 5000, 5000, 20000, 49000)  # small ones are quicker come by, above all with solenoids
RESOLVED_N = 100  # less than this, or than an eighth of the force, no press is asked to tell from its specimen
CODES_PER_N = (229, 229, 229, 2517)
# of a cell or of all that no longer feel the force, or not all of it: what shows it first depends on what the force is doing
LOST = frozenset(("no_answer", "no_contact", "imbalance", "force_drop", "no_response", "ramp_deviation", "hold_band", "held_above",
                  "runaway", "drive_mismatch", "sensor", "frozen", "no_fall", "overspeed", "travel"))  # fmt: skip
MORE = frozenset(("runaway", "imbalance", "limit_cell", "limit_total", "ceiling_cell", "ceiling_total", "held_above",
                  "ramp_deviation", "sensor", "no_fall", "rail", "force_drop"))  # fmt: skip
WEAK = frozenset(
    ("no_contact", "no_answer", "no_response", "force_drop", "hold_band", "ramp_deviation", "drive_mismatch")
)
STIFF = frozenset(("no_contact", "no_answer", "no_response", "ramp_deviation", "hold_band", "held_above", "no_fall", "runaway",
                   "overspeed", "not_vented", "drive_mismatch"))  # fmt: skip
OPENED = frozenset(("overspeed", "runaway", "travel", "no_answer", "limit_total", "limit_cell", "not_vented", "overpressure",
                    "ceiling_total", "ceiling_cell", "no_fall", "ramp_deviation"))  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """Where a program stands: a phase, the force that it goes to / N, the kind of valve, and how far on it is."""

    phase: str
    top_n: int
    valve: str


@dataclass(frozen=True)
class Kind:
    """One kind of fault."""

    name: str
    faults: Drawn
    first: frozenset[str]
    at: tuple[str, ...]
    quiet: dict[str, str] = field(default_factory=dict)
    valve: str = ""
    least_n: int = 0  # tops below it are not tried
    host_loss: str = "carry_on"
    only_n: int = 0  # the one top that it is tried with
    hides: dict[str, str] = field(default_factory=dict)  # what else shows nothing while this is broken, and why

    def phases(self) -> list[str]:
        return [*self.at, *self.quiet]


def one(name: str, *values: int) -> Drawn:
    """A fault with one of these values."""
    return lambda chance, moment: [(name, chance.choice(values or (1,)))]


def of_a_cell(name: str) -> Drawn:
    return lambda chance, moment: [(name, chance.randint(1, 4))]


def seen_cells(moment: Moment) -> tuple[int, ...]:
    """Cells that the range in use is made of: of a low force the fourth."""
    return (4,) if moment.top_n < 1400 else (1, 2, 3)


def _permille(chance: random.Random, moment: Moment, low: int, high: int) -> int:
    """Between the two, but no less than what a press can resolve of this force."""
    least = 1000 * RESOLVED_N // moment.top_n
    return chance.randint(low, min(high, -least)) if high < 0 else chance.randint(max(low, least), high)


def gain(low: int, high: int) -> Drawn:
    """Of one cell of the range in use."""
    return lambda chance, moment: [(f"gain_{chance.choice(seen_cells(moment))}", _permille(chance, moment, low, high))]


def all_gains(low: int, high: int) -> Drawn:
    """Of all four at once, as with another excitation."""

    def drawn(chance: random.Random, moment: Moment) -> list[Fault]:
        permille = _permille(chance, moment, low, high)
        return [(f"gain_{cell}", permille) for cell in (1, 2, 3, 4)]

    return drawn


def jump(sign: int) -> Drawn:
    """The zero of a cell in use moves at once: by as much as the force that is asked for, or more."""

    def drawn(chance: random.Random, moment: Moment) -> list[Fault]:
        cell = chance.choice(seen_cells(moment))
        force_n = max(300, moment.top_n) * chance.uniform(1.0, 2.0)
        most = 8_000_000 if sign > 0 else 6_000_000
        return [(f"zero_{cell}", sign * min(most, int(force_n * CODES_PER_N[cell - 1])))]

    return drawn


def opened(chance: random.Random, moment: Moment) -> list[Fault]:
    """Fully, or as far as twice the force that is asked for and more."""
    return [("stuck_open", 1 if chance.random() < 0.5 or moment.valve == "fill_vent" else
             min(66000, int(max(2000, moment.top_n) * chance.uniform(2, 5))))]  # fmt: skip


def together(*names: str) -> Drawn:
    return lambda chance, moment: [(name, 1) for name in names]


LIMIT_N = 55000  # the over-force limit of the reference press
ONE = frozenset
NOTHING_MOVES = "nothing has to move: the first order that it does not follow tells"
DUMPED = "the dump is open"
TRAPPED = "the fluid is trapped: a force that sinks, or has to rise, tells"
AT_REST = "nothing is driven; arming is refused while it lasts"
FIRST_STOPS = "the first trip stands and is not replaced"
PRESSED_AGAIN = "what breaks at a small force is pressed together by the same ramp"
MADE_UP = "the press makes up for it as long as it can"
FALLS = "a locked valve is there to show how the force goes: the log has it, and it is told once a sixteenth is left"
NO_FORCE = "no force: the next approach tells"

KINDS = (
    Kind("estop", together("estop"), ONE({"estop"}), EVERY),
    Kind("estop_a", one("estop_a"), ONE({"estop"}), EVERY),
    Kind("estop_b", one("estop_b"), ONE({"estop"}), EVERY),
    Kind("guard", together("guard"), ONE({"guard"}), (*ARMED, "vent", "held"), {"safe": AT_REST}),
    Kind("guard_a", one("guard_a"), ONE({"guard", "discrepancy"}), EVERY),
    Kind("guard_b", one("guard_b"), ONE({"guard", "discrepancy"}), EVERY),
    Kind("overpressure", one("overpressure"), ONE({"overpressure"}), (*ARMED, "vent", "held"), {"safe": AT_REST}),
    Kind("supply", one("supply"), ONE({"supply"}), (*ARMED, "vent", "held"), {"safe": AT_REST}),
    Kind("no_supply", together("no_power", "supply"), ONE({"supply", "force_drop"}), ARMED, {"safe": AT_REST}),
    Kind("travel", one("travel"), ONE({"travel"}), (*DRIVEN, "vent"), {"safe": AT_REST, "ready": "nothing moves yet"}),
    Kind("converter_dead", one("converter_dead"), ONE({"stale"}), (*ARMED, "vent", "held"), {"safe": AT_REST}),
    Kind("crc", one("crc"), ONE({"crc", "stale"}), (*ARMED, "vent", "held"), {"safe": AT_REST}),
    Kind("chip_reset", one("chip_reset"), ONE({"chip_reset"}), (*ARMED, "vent", "held"), {"safe": AT_REST}),
    Kind("cell_open", of_a_cell("cell_open"), LOST | MORE, (*ARMED, "vent", "held"), {"safe": AT_REST}),
    Kind("cell_frozen", of_a_cell("cell_frozen"), ONE({"frozen"}) | LOST, (*ARMED, "held"), {"safe": AT_REST}),
    Kind("cell_short", of_a_cell("cell_short"), LOST | MORE, ARMED, {"safe": AT_REST}),
    Kind("cell_quiet", gain(-1000, -1000), LOST, ("hold", "relax", "ramp", "touch"), {"ready": NO_FORCE}),
    Kind("cell_low", gain(-900, -400), LOST, ("hold",), {"ramp": "what it reads too little by grows with the force"}),
    Kind("cell_high", gain(500, 3000), MORE, ("hold",), {"ramp": "what it reads too much by grows with the force"}),
    Kind("cells_low", all_gains(-700, -150), LOST, ("hold",), {}),
    Kind("cells_high", all_gains(300, 2000), MORE, ("hold",), {}),
    Kind("cells_quiet", all_gains(-1000, -1000), LOST, ("approach", "touch", "ramp", "hold", "relax"), {}),
    Kind("zero_up", jump(1), MORE, ("approach", "ramp", "hold", "release"), {}),
    Kind("zero_down", jump(-1), LOST, ("ramp", "hold", "approach"), {}),
    Kind(
        "off_centre",
        one("off_centre", 350, 400, 500),  # from 300 on it is more than the row allows, and a drawn press is off by 20 itself
        ONE({"imbalance", "limit_cell", "ceiling_cell", "sensor"}),
        ("hold",),
        {},
        least_n=5000,
    ),
    Kind(
        "stuck_valve",
        one("stuck_valve"),
        STIFF,
        ("ramp", "release", "stop"),
        {"hold": NOTHING_MOVES, "relax": NOTHING_MOVES, "approach": NOTHING_MOVES, "vent": DUMPED},
        valve="regulator",
    ),
    Kind(
        "stuck_open",
        opened,
        OPENED,
        ("approach", "touch", "ramp", "hold", "relax", "release", "stop"),
        {"ready": DUMPED, "safe": DUMPED, "vent": DUMPED, "held": FIRST_STOPS},
    ),
    Kind(
        "no_air",
        one("no_air"),
        WEAK | STIFF,
        ("ramp", "approach"),
        {"hold": TRAPPED, "release": TRAPPED, "vent": DUMPED},
        hides={"stuck_open": "an open valve without supply presses nothing"},
    ),
    Kind("drive_gone", one("weak_air", 1), WEAK, ("ramp", "hold", "approach"), {}, valve="regulator"),
    Kind(
        "weak_air",
        one("weak_air", 50, 200, 500),
        WEAK,
        (),
        {"approach": MADE_UP, "ramp": MADE_UP, "hold": MADE_UP},
        valve="regulator",
    ),
    Kind(
        "leak",
        one("leak", 5000, 20000),
        WEAK | ONE({"duty"}),
        (),
        {"hold": MADE_UP, "ramp": MADE_UP},
        valve="fill_vent",
    ),
    Kind(
        "vent_open",
        one("vent_open"),
        WEAK,
        ("ramp", "hold", "approach"),
        {"vent": DUMPED, "relax": FALLS},
        valve="fill_vent",
        hides={"nothing_vents": "one of them does"},
    ),
    Kind(
        "vent_shut",
        one("vent_shut"),
        STIFF,
        ("release", "stop"),
        {"hold": NOTHING_MOVES, "vent": DUMPED},
        valve="fill_vent",
    ),
    Kind("no_power", one("no_power"), WEAK, ("ramp", "hold", "relax", "approach"), {"vent": DUMPED}),
    Kind(
        "dump_stuck",
        one("dump_stuck"),
        ONE({"not_vented"}),
        (),
        {"hold": "the valve takes the force down by itself", "vent": "the valve takes the force down by itself"},
        valve="regulator",
        hides={"no_power": "what opens without that supply is the dump valve alone, and it sticks"},
    ),
    Kind(
        "dump_powered",
        one("dump_powered"),
        ONE({"not_vented"}),
        (),
        {"hold": "permissive and relay take its supply", "vent": DUMPED},
        hides={"nothing_vents": "what keeps its dump valve shut then is a coil, and the relay takes its supply"},
    ),
    Kind("nothing_vents", together("dump_stuck", "vent_shut"), ONE({"not_vented"}), ("vent",), valve="fill_vent"),
    Kind("fracture", one("fracture", 500, 700, 900), WEAK, ("hold", "relax"), {"ramp": PRESSED_AGAIN}),
    Kind("hot", one("temperature_1", 12100, 20000, 30000), ONE({"temperature"}), ARMED, {"safe": AT_REST}),
    Kind("hot_2", one("temperature_2", 12100, 20000), ONE({"temperature"}), ARMED, {"safe": AT_REST}),
    Kind(
        "scale_stands",
        one("scale_stands"),
        ONE({"sensor", "no_answer", "travel"}),
        ("ramp",),
        {"hold": "nothing moves", "approach": "the drive's bound, and the force"},
        least_n=5000,
    ),
    Kind(
        "scale_gone",
        one("scale_gone"),
        ONE({"sensor"}),
        (),
        {
            "hold": "nothing moves",
            "ramp": "the force is watched all the same",
            "approach": "the drive's bound, and the force",
        },
    ),
    Kind(
        "overrun",
        one("overrun", 1, 300, 5000),
        ONE({"overrun"}),
        (*ARMED, "vent", "held"),
        {"safe": "nothing is driven"},
    ),
    Kind(
        "foreground",
        one("foreground"),
        ONE({"foreground"}),
        ("hold", "ramp", "relax", "release", "approach"),
        {"ready": "nothing moves", "safe": "nothing is driven"},
    ),
    Kind("lease", lambda chance, moment: [], ONE({"host_lease"}), ("hold", "relax"), {}, host_loss="hold"),
    Kind("lease_ramp", lambda chance, moment: [], ONE({"host_lease"}), ("hold",), {}, host_loss="ramp_down"),
    Kind("opened_at_the_limit", one("stuck_open"), OPENED | ONE({"no_response"}), ("ramp",), {}, only_n=LIMIT_N),
)


def stage_kinds(phase: str, top_n: int, valve: str, host_loss: str, kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds that can be tried at a moment."""
    return [kind for kind in kinds if kind.valve in ("", valve) and phase in kind.phases() and kind.host_loss == host_loss
            and (top_n == kind.only_n if kind.only_n or top_n == LIMIT_N else top_n >= kind.least_n)]  # fmt: skip


def program(phase: str, top_n: int, valve: str, host_loss: str = "carry_on") -> dict[str, Any]:
    """What the press is doing at that moment; device units."""
    fastest = top_n >= LIMIT_N
    rate = 500000 if fastest else max(10000, min(500000, top_n * 100))
    if valve == "fill_vent" and not fastest:
        rate = min(rate, 100000)
    contact_n = min(100, top_n // 3)
    held = {"do": "relax" if phase == "relax" else "hold", "for_ms": 600000}
    steps: list[dict[str, Any]] = [{"do": "contact", "to_cn": contact_n * 100, "speed_um_per_s": 3000, "timeout_ms": 120000},
             {"do": "ramp", "to_cn": top_n * 100, "rate_cn_per_s": rate}]  # fmt: skip
    if phase == "relax":
        steps.append({"do": "hold", "for_ms": 1})
    steps += [held, {"do": "release", "rate_cn_per_s": rate}, {"do": "vent"}]
    return {"format": 1, "name": "case", "host_loss": host_loss, "stop_rate_cn_per_s": rate, "steps": steps}
