"""What a person needs to know about a press at one moment, and how its numbers are written.

The live picture, the plain lines and `status --json` all show the same snapshot, so that they cannot disagree.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ..states import DRIVEN, RELEASING

SHARES_ABOVE_N = 200.0  # shares of less are shares of noise


def then_reset(hint: str) -> str:
    """A trip's hint with the command that ends it."""
    return f"{hint} Then `stackpress reset`.".strip()


@dataclass(frozen=True)
class Snapshot:
    """One moment. Forces / N, lengths / m, temperatures / degC, times / s; None where the press has no such value."""

    state: str
    time_s: float = 0.0
    force_n: float = 0.0
    set_n: float = 0.0
    cells_n: tuple[float | None, ...] = ()
    shares_of: tuple[int, ...] = ()  # indexes of the cells that carry the force together
    imbalance: float = 0.0  # of an even share, 1
    displacement_m: float | None = None
    temperatures_c: tuple[float | None, ...] = ()
    valve: float = 0.0  # 0 .. 1
    area_m2: float = 0.0
    limit_n: float = 0.0
    program: str = ""
    sample: str = ""
    step: int = 0  # from 1; 0: no program runs
    steps: int = 0
    step_kind: str = ""
    step_s: float = 0.0
    left_s: float | None = None
    run: int = 0
    run_s: float | None = None  # since the run began; None where nobody follows it from its start
    run_state: str = ""  # of the run: idle, running, paused, stopping, done, stopped, failed
    run_why: str = ""  # why it is paused, stopped or failed
    step_note: str = ""  # what the program notes about the step
    trigger_in: bool = False  # whether the trigger input is on: a cycler's state, where it is wired to that
    warnings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()  # what to do about each warning, in the same order; empty if nobody asked
    trip_reason: str = ""
    trip_hint: str = ""
    checks: tuple[tuple[str, str], ...] = ()
    name: str = ""
    port: str = ""
    notes: tuple[str, ...] = field(default=())  # what the host has to say: reconnecting, lease ...

    @property
    def running(self) -> bool:
        """Whether a program runs."""
        return self.step > 0

    @property
    def ending(self) -> str:
        """What is under way once the steps are over or stopped, in words; empty while a program goes on."""
        if self.run_state == "stopping" and self.pressed:
            return "releasing the force, then venting"
        return "venting" if self.state == RELEASING and not self.running else ""

    @property
    def waits_for_person(self) -> bool:
        """Whether the program goes on when somebody says so."""
        return self.running and (self.run_state == "paused" or (self.run_state == "running" and self.step_kind == "pause"))

    @property
    def pressed(self) -> bool:
        """Whether the ram is driven: force is being applied, held or released."""
        return self.state in DRIVEN

    @property
    def trip_told(self) -> str:
        """What to do about a trip: the press's hint, then the command that acknowledges; empty if nothing has tripped."""
        return then_reset(self.trip_hint) if self.trip_reason else ""

    @property
    def error(self) -> float | None:
        """(force - set) / set, or None without a set-point."""
        return (self.force_n - self.set_n) / self.set_n if self.pressed and self.set_n > 0 else None

    def warned(self) -> list[tuple[str, str]]:
        """(warning, what to do about it) of each; the hint is empty if it is not known."""
        return [(name, self.hints[i] if i < len(self.hints) else "") for i, name in enumerate(self.warnings)]

    def pressure_pa(self, force_n: float) -> float | None:
        """Pressure on the die, None when its area is unknown."""
        return force_n / self.area_m2 if self.area_m2 > 0 else None

    def shares(self) -> list[tuple[int, float, float]]:
        """(cell from 1, force / N, share) of the cells that carry the force together; empty when it is next to none."""
        forces = [(i, self.cells_n[i] or 0.0) for i in self.shares_of if i < len(self.cells_n)]
        total = sum(force for _, force in forces)
        return [(i + 1, force, force / total) for i, force in forces] if total >= SHARES_ABOVE_N else []

    def as_dict(self) -> dict[str, Any]:
        """For `--json`; the names carry the units."""
        found = asdict(self)
        found["pressure_pa"] = self.pressure_pa(self.force_n)
        found["set_pa"] = self.pressure_pa(self.set_n)
        found["checks"] = [{"code": code, "text": text} for code, text in self.checks]
        return found


def force_text(newtons: float | None) -> str:
    """`49.11 kN`, `663.5 N`, `-`."""
    if newtons is None:
        return "-"
    if abs(newtons) >= 10_000:
        return f"{newtons / 1000:.2f} kN"
    return f"{newtons:.1f} N" if abs(newtons) < 1000 else f"{newtons / 1000:.3f} kN"


def pressure_text(pascals: float | None) -> str:
    """`370.0 MPa`, `200 kPa`, `-`."""
    if pascals is None:
        return "-"
    if abs(pascals) >= 1e8:
        return f"{pascals / 1e6:.1f} MPa"
    return f"{pascals / 1e6:.3f} MPa" if abs(pascals) >= 1e6 else f"{pascals / 1e3:.1f} kPa"


def time_text(seconds: float | None) -> str:
    """`4 s`, `12 min 05 s`, `3 h 02 min`, `6 d 04 h`; `-` for None."""
    if seconds is None:
        return "-"
    whole = int(max(0.0, seconds) + 0.5)
    if whole < 60:
        return f"{whole} s"
    for above, big, small, size in ((3600, "min", "s", 60), (86400, "h", "min", 3600)):
        if whole < above:
            return f"{whole // size} {big} {whole % size // (size // 60):02d} {small}"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def percent_text(part: float | None, signed: bool = False) -> str:
    """`+0.03 %`, `-`."""
    if part is None:
        return "-"
    return f"{part * 100:+.2f} %" if signed else f"{part * 100:.1f} %"


_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = " .:-=+*#"


def sparkline(values: Iterable[float], ascii_only: bool = False) -> str:
    """The course of some values, one character each; a flat course is a low line."""
    marks = _ASCII_BARS if ascii_only else _BARS
    numbers = list(values)
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    span = high - low
    if span <= 0.002 * max(abs(high), abs(low), 1.0):  # what is steady looks steady, however finely it is measured
        return marks[3] * len(numbers)
    return "".join(marks[min(7, int((value - low) / span * 8))] for value in numbers)
