"""What a press answers, as typed records in SI units; None stands for what this press does not have."""

import re
from dataclasses import dataclass

from .scpi_text import split_answer, unquoted

_RELEASE = re.compile(r"([^+]+)\+g(\w+)\.h([0-9a-f]{16})")
NOT_A_NUMBER = 9.9e37  # SCPI-99 7.2.1.5
ABSENT = -(1 << 30)
ROWS_A_WORD = 30  # interlock rows that one column of row bits has


@dataclass(frozen=True)
class Release:
    """What runs on the press: version, commit (`git`) and hash of the content; empty where an old firmware does not say."""

    version: str
    git: str
    hash: str

    @classmethod
    def of(cls, text: str) -> "Release":
        """`0.1.0+g1a2b3c4d5e6f.h0123456789abcdef`; anything else is a version and nothing more."""
        found = _RELEASE.fullmatch(text)
        return cls(found[1], found[2], found[3]) if found else cls(text, "", "")


@dataclass(frozen=True)
class Identity:
    """Who answers; `firmware` is what it says about its firmware, in one word."""

    maker: str
    board: str
    serial: str
    firmware: str

    @property
    def release(self) -> Release:
        """The same in its parts."""
        return Release.of(self.firmware)

    @property
    def version(self) -> str:
        """Firmware version, without commit and content."""
        return self.release.version


@dataclass(frozen=True)
class Check:
    """One arming check that fails."""

    code: str
    text: str


@dataclass(frozen=True)
class ProgramState:
    """The program in force; step counts from 1 and is 0 when none runs; times / s, left_s None when unknown."""

    name: str
    step: int
    kind: str
    step_s: float
    run: int
    left_s: float | None


@dataclass(frozen=True)
class Row:
    """One row of telemetry, 10 a second of press time. Forces / N, displacement / m, temperatures / degC.

    `force_n` is the filtered force of firmware/README; what the log calls Applied Force is not filtered.
    """

    seq: int
    time_s: float
    state: str
    force_n: float
    set_n: float
    cells_n: tuple[float, float, float, float]
    imbalance: float
    displacement_m: float | None
    temperatures_c: tuple[float | None, float | None]
    valve: float
    valve_bits: int
    step: int
    run: int
    warnings: tuple[str, ...]
    lost: int = 0  # rows that were overwritten before this one could be read


@dataclass(frozen=True)
class Telemetry:
    """Rows after a cursor, the cursor to ask with next, and how many rows came too late."""

    rows: tuple[Row, ...]
    cursor: int
    lost: int


@dataclass(frozen=True)
class InterlockRow:
    """One reason that stops the press."""

    name: str
    active: bool
    latched: bool
    reaction: str
    clears: str
    hint: str


@dataclass(frozen=True)
class Parameter:
    """One parameter as the press has it, in its own unit (the end of its name)."""

    name: str
    value: float | str
    low: float | str
    default: float | str
    high: float | str
    help: str


@dataclass(frozen=True)
class DocumentInfo:
    """One document on the press: state is ok, bad or missing; crc is the CRC-32 of its text."""

    name: str
    state: str
    size: int
    crc: int


@dataclass(frozen=True)
class LogState:
    """The journal: sequence numbers, what was lost, the boot id at which it began, whether the end of a run is due."""

    first: int
    next: int
    pulled: int
    overwritten: int
    dropped: int
    origin: int
    closing: bool = False


@dataclass(frozen=True)
class PressTime:
    """Press time: seconds since boot, which never wraps, and which boot."""

    boot_id: int
    seconds: float


@dataclass(frozen=True)
class Tick:
    """The force loop: ticks since boot, the longest / us, how many were missed, rate / Hz."""

    count: int
    worst_us: int
    missed: int
    rate_hz: int


@dataclass(frozen=True)
class Memory:
    """Heap / bytes, and what the link has counted."""

    free: int
    used: int
    lost_lines: int
    dropped_answers: int
    stops: int


def a_state(text: str) -> str:
    """The name of a state, of this release or another. Raises ValueError for what is no name."""
    if not text.isidentifier():
        raise ValueError(f"{text[:40]!r} is no state")
    return text


def number(text: str) -> float | None:
    """A number, or None for SCPI's not-a-number."""
    value = float(text)
    return None if value > NOT_A_NUMBER else value


def surely(text: str) -> float:
    """A number; 0 for not-a-number."""
    return number(text) or 0.0


def value_of(text: str) -> float | str:
    """A parameter's value: a number or a string."""
    return unquoted(text) if text.startswith('"') else float(text)


def program_state_of(answer: str) -> ProgramState:
    """What PROGram:STATe? answers."""
    f = split_answer(answer)
    left = float(f[5])
    return ProgramState(
        unquoted(f[0]), int(f[1]), unquoted(f[2]), float(f[3]), int(f[4]), None if left < 0 else left
    )


def _scaled(raw: int, scale: float) -> float | None:
    return None if raw == ABSENT else raw / scale


def row_of(r: list[int], names: list[str], lost: int) -> Row:
    """A row of TELemetry?, of a press with these interlock rows."""
    from stackpress_core.tick import states

    return Row(
        seq=r[0],
        time_s=r[1] + r[2] / 1000,
        state=states.NAMES[r[3]],
        force_n=r[4] / 100,
        set_n=r[5] / 100,
        cells_n=(r[6] / 100, r[7] / 100, r[8] / 100, r[9] / 100),
        imbalance=r[10] / 1000,
        displacement_m=_scaled(r[11], 1e9),
        temperatures_c=(_scaled(r[12], 100), _scaled(r[13], 100)),
        valve=r[14] / 65535,
        valve_bits=r[15],
        step=r[16],
        run=r[17],
        warnings=tuple(name for i, name in enumerate(names) if r[18 + i // ROWS_A_WORD] >> i % ROWS_A_WORD & 1),
        lost=lost,
    )
