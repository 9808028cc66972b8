"""Every input, worked by hand once: what the press must see while it is open, and that it is well again afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..states import SAFE, TRIPPED
from .hands import Hands, comes_true
from .result import BAD, GOOD, LEFT_OUT, Line

if TYPE_CHECKING:
    from ..press import Press


@dataclass(frozen=True)
class Input:
    """One thing to do: `seen` are the reasons of which the press must tell one."""

    name: str
    do: str
    undo: str
    fault: str
    value: int | None
    seen: tuple[str, ...]
    whole: tuple[str, str, str] = ("", "", "")  # do, undo, fault: a channel that was open alone counts again once both have been


_ESTOP = ("Press the emergency stop whole", "Turn it out, and reset the safety relay", "estop")
_GUARD = ("Open the guard whole", "Close it, and reset the safety relay", "guard")
INPUTS = (
    Input("emergency stop", "Press the emergency stop", "Turn it out, and reset the safety relay", "estop", None, ("estop",)),
    Input("emergency stop, channel A alone", "Take the wire of emergency stop channel A off its terminal", "Put it back", "estop_a",
          None, ("discrepancy",), _ESTOP),
    Input("emergency stop, channel B alone", "Take the wire of emergency stop channel B off its terminal", "Put it back", "estop_b",
          None, ("discrepancy",), _ESTOP),
    Input("guard", "Open the guard", "Close it, and reset the safety relay", "guard", None, ("guard",)),
    Input("guard, channel A alone", "Take the wire of guard channel A off its terminal", "Put it back", "guard_a", None,
          ("discrepancy",), _GUARD),
    Input("guard, channel B alone", "Take the wire of guard channel B off its terminal", "Put it back", "guard_b", None,
          ("discrepancy",), _GUARD),
    Input("over-pressure switch", "Take a wire of the over-pressure switch off", "Put it back", "overpressure", None,
          ("overpressure",)),
    Input("supply monitor", "Switch the 24 V of the valves off", "Switch them on, and reset the safety relay", "supply", None,
          ("supply",)),
    Input("travel limit", "Work the travel limit's switch by hand", "Let it go", "travel", None, ("travel",)),
    Input("stop button", "Hold the stop button", "Let it go", "stop", None, ("stop_button",)),
)  # fmt: skip
BUTTONS = ("start", "reset", "select")  # no answer of the press tells of them while it is safe


def cells(count: int) -> tuple[Input, ...]:
    """A broken wire of each load cell."""
    seen = ("rail", "stale", "frozen", "imbalance", "zero")
    return tuple(Input(f"cell {i} unplugged", f"Pull the plug of load cell {i}", "Put it back", "cell_open", i, seen)
                 for i in range(1, count + 1))  # fmt: skip


def reasons(press: "Press") -> set[str]:
    """What is wrong now, in the press's own words."""
    return {one.code for one in press.checks()} | set(press.active_reasons())


def check(press: "Press", hands: Hands, row: Input) -> Line:
    """Have one input worked, and say what the press saw."""
    before = reasons(press) & set(row.seen)
    if before:
        return Line(row.name, BAD, f"the press says {', '.join(sorted(before))} already, with nothing done",
                    "Mend that first: `stackpress why` and `stackpress doctor` say what to look at.")  # fmt: skip
    if not hands.do(row.do, row.fault, row.value):
        return Line(row.name, LEFT_OUT, "left out by who was there")
    found: set[str] = set()

    def saw() -> bool:
        found.update(reasons(press) & set(row.seen))
        return bool(found)

    good = comes_true(saw)
    hands.undo(row.undo, row.fault)
    if row.whole[0]:
        _worked_whole(press, hands, row)
    well = comes_true(lambda: _acknowledged(press, row))
    if not good:
        return Line(row.name, BAD, "the press saw nothing", f"{row.do}: look at its wire, and at the pin in the board's README.")
    if not well:
        return Line(row.name, BAD, f"seen as {', '.join(sorted(found))}, but it does not go away", f"{row.undo}.")
    return Line(row.name, GOOD, f"seen as {', '.join(sorted(found))}, and gone again")


def _worked_whole(press: "Press", hands: Hands, row: Input) -> None:
    """Both channels open, seen, and closed again."""
    do, undo, fault = row.whole
    if hands.do(do, fault, None):
        comes_true(lambda: fault in reasons(press))
        hands.undo(undo, fault)


def _acknowledged(press: "Press", row: Input) -> bool:
    from ..errors import PressRefused

    if press.state == TRIPPED:
        try:
            press.reset()
        except PressRefused:
            return False  # it is still there
    return press.state == SAFE and not reasons(press) & set(row.seen)


def all_inputs(press: "Press", hands: Hands) -> Iterator[Line]:
    """Each input, one after the other; what can't be seen from here is said."""
    for row in (*INPUTS, *cells(press.fixed()[0])):
        yield check(press, hands, row)
    for name in BUTTONS:
        told = hands.told(f"Press the {name} button: does the panel's display answer?")
        yield Line(f"{name} button", GOOD if told else LEFT_OUT, "seen on the panel by who was there" if told else
                   "no answer of a safe press tells of it: look at the panel")  # fmt: skip
