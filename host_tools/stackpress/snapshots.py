"""Asking a press for everything that a person wants to see at one moment, in as few exchanges as possible."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from .answers import Check, a_state, number, surely
from .scpi_text import split_answer, unquoted
from .states import SAFE, TRIPPED
from .view.snapshot import Snapshot

FIRST = "CYCL:STAT?;:SYST:TIME?;:MEAS:FORC?;FORC:SET?;:MEAS:IMB?;DISP?;TEMP1?;TEMP2?;:PROG:STAT?;:CYCL:WARN?;:PROG:RUN?"


class Looked(Protocol):
    """What a snapshot asks of a press."""

    @property
    def identity(self) -> str:
        """The board's unique name."""

    @property
    def port(self) -> str:
        """Where it is."""

    def query(self, text: str) -> str:
        """The answer to a question in SCPI."""

    def fixed(self) -> tuple[int, float, tuple[int, ...]]:
        """What stays as it is: cells, limit / N, which cells share the force."""

    def checks(self) -> Sequence[Check]:
        """What keeps it from being armed."""


def take(press: Looked) -> Snapshot:
    """One snapshot. Raises LinkLost, PressRefused."""
    cells, limit_n, shares = press.fixed()
    first = split_answer(press.query(FIRST), ";")
    program = split_answer(first[8])
    _, seconds, ms = first[1].split(",")
    state = a_state(first[0])
    run = split_answer(first[10])
    tripped = split_answer(press.query("CYCL:TRIP:REAS?;HINT?"), ";") if state == TRIPPED else ['""', '""']
    left = float(program[5])
    forces = press.query(";".join(f":MEAS:FORC:CELL{i + 1}?" for i in range(cells)))
    return Snapshot(
        state=state,
        time_s=int(seconds) + int(ms) / 1000,
        force_n=surely(first[2]),
        set_n=surely(first[3]),
        cells_n=tuple(number(one) for one in forces.split(";")),
        shares_of=shares,
        imbalance=surely(first[4]),
        displacement_m=number(first[5]),
        temperatures_c=(number(first[6]), number(first[7])),
        valve=int(run[2]) / 65535,
        area_m2=int(run[0]) / 1e12,
        limit_n=limit_n,
        program=unquoted(program[0]),
        sample=unquoted(run[3]),
        step=int(program[1]),
        steps=int(run[1]),
        step_kind=unquoted(program[2]),
        step_s=float(program[3]),
        left_s=None if left < 0 else left,
        run=int(program[4]),
        run_state=unquoted(run[4]) if len(run) > 5 else "",
        run_why=unquoted(run[5]) if len(run) > 5 else "",
        step_note=unquoted(run[6]) if len(run) > 6 else "",
        trigger_in=len(run) > 7 and run[7] == "1",
        warnings=tuple(unquoted(one) for one in split_answer(first[9]) if one != '""'),
        trip_reason=unquoted(tripped[0]),
        trip_hint=unquoted(tripped[1]),
        checks=tuple((check.code, check.text) for check in press.checks()) if state == SAFE else (),
        name=press.identity,
        port=press.port,
    )


class Row(Protocol):
    """A row of the interlock table; only its words are needed here."""

    @property
    def hint(self) -> str:
        """What to do about it."""


class Hinted(Protocol):
    """Who knows what to do about a warning."""

    def interlock(self, name: str) -> Row:
        """One row of the interlock table."""


class Hints:
    """What to do about a warning, asked once for each."""

    def __init__(self, press: "Hinted") -> None:
        self._press = press
        self._known: dict[str, str] = {}

    def added(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with a hint for each warning. Raises a link error."""
        for name in snapshot.warnings:
            if name not in self._known:
                self._known[name] = self._press.interlock(name).hint
        return replace(snapshot, hints=tuple(self._known[name] for name in snapshot.warnings))
