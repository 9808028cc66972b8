"""The pin budget of a board: which part takes which pins, and what is still free."""

from . import hardware
from .board import Board, ranges


def taken(board: Board) -> list[tuple[str, str, str]]:
    """(part, driver, its pins), in the order of [drivers]; what no driver uses comes last."""
    rows, left = [], dict(board.pins)
    for role, driver in board.drivers.items():
        part = hardware.part(role, driver)
        pins = [pin for pin in (*part.pins, *part.optional) if pin in board.pins] if part else []
        if pins:
            rows.append((role, driver, ", ".join(f"{pin} {board.pins[pin]}" for pin in pins)))
        for pin in pins:
            left.pop(pin, None)
    if left:
        rows.append(("wired", "no driver", ", ".join(f"{pin} {number}" for pin, number in left.items())))
    return rows


def free(board: Board) -> list[int]:
    """Pins that the module brings out and that have no role."""
    return sorted(set(board.module.pins) - set(board.pins.values())) if board.module else []


def sentence(board: Board) -> str:
    """One line for `config check`; empty for a board without pins of its own."""
    if board.module is None:
        return ""
    left = free(board)
    text = f"pins of {board.name}: {len(board.pins)} of the {len(board.module.pins)} of a {board.module.text} used"
    return f"{text}, free: {ranges(left)}"


def rates(board: Board) -> str:
    """One line: the tick rates that the converter gives from the carrier's oscillator; empty if it gives any."""
    given = ", ".join(f"{rate} Hz" for rate in board.usable_rates)
    clock = board.settings.get("converter_clock_hz", 0) / 1e6
    return f"tick rates of {board.name} with its oscillator of {clock:g} MHz: {given}" if given else ""


def as_dict(board: Board) -> dict[str, object]:
    """The same for `--json`."""
    found: dict[str, object] = {"name": board.name, "pins": board.pins, "free": free(board), "drivers": board.drivers}
    return {**found, "tick_rates_hz": board.usable_rates}
