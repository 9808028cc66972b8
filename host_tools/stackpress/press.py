"""The press as a Python object: the same verbs as the command line, typed, in SI units.

    with stackpress.open() as press:
        press.run("pellet.toml", sample="A7")
        for row in press.follow():
            print(row.force_n)

Nothing here moves the press on its own, and closing it leaves a program running: its host-loss policy decides.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from . import link, port_lock, service
from .answers import (
    Check,
    InterlockRow,
    Parameter,
    ProgramState,
    Row,
    Telemetry,
    a_state,
    program_state_of,
    row_of,
    surely,
    value_of,
)
from .errors import PortBusy, PressError, PressTripped
from .link import Link
from .ports import choose_port
from .scpi_text import quoted, split_answer, unquoted
from .session import LEASE_S, understood
from .states import DRIVEN, READY, SAFE, TRIPPED
from .steering import Steering
from .storage import strings

if TYPE_CHECKING:
    from .recorded_runs import RecordedRuns
    from .view.snapshot import Snapshot

Stop = Literal["controlled", "hold", "vent"]
ROWS_AT_ONCE = 16


class Press(Steering):
    """One press behind an open link. Every call raises LinkLost when it does not answer."""

    _armed_here = False

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if value is not None:
            self._disarm_unstarted()
        super().__exit__(kind, value, tb)

    def __repr__(self) -> str:
        """What it is and where, without asking it."""
        return f"<press {self.identity} on {self.port}>"

    # -- state -----------------------------------------------------------------------------------------------------

    @property
    @understood
    def state(self) -> str:
        """safe, ready, pressing, holding, releasing, tripped, service or monitor."""
        return a_state(self.query("CYCL:STAT?"))

    @understood
    def program_state(self) -> ProgramState:
        """The program in force."""
        return program_state_of(self.query("PROG:STAT?"))

    @understood
    def checks(self) -> list[Check]:
        """All arming checks that fail; empty when the press can be armed."""
        fields = strings(self.query("CYCL:CHEC?"))
        return [Check(fields[i], fields[i + 1]) for i in range(0, len(fields) - 1, 2)]

    @understood
    def warnings(self) -> list[str]:
        """Interlock rows that warn."""
        return strings(self.query("CYCL:WARN?"))

    @understood
    def active_reasons(self) -> list[str]:
        """Interlock rows whose condition is there now."""
        return strings(self.query("INT:ACT?"))

    @understood
    def interlock(self, name: str) -> InterlockRow:
        """One row of the interlock table."""
        f = split_answer(self.query(f"INT:ROW? {quoted(name)}"))
        return InterlockRow(unquoted(f[0]), f[1] == "1", f[2] == "1", f[3], f[4], unquoted(f[5]))

    @understood
    def interlocks(self) -> list[str]:
        """Names of every interlock row, in the order of their bits."""
        if self._rows is None:
            self._rows = strings(self.query("INT:CAT?"))
        return self._rows

    @understood
    def parameter(self, name: str) -> Parameter:
        """One parameter, in its own unit."""
        f = split_answer(self.query(f"PAR? {quoted(name)}"))
        return Parameter(name, value_of(f[0]), value_of(f[1]), value_of(f[2]), value_of(f[3]), unquoted(f[4]))

    @understood
    def parameters(self) -> list[str]:
        """Names of every parameter that this press knows; those of another release may be others than this host's."""
        return strings(self.query("PAR:CAT?"))

    @understood
    def force_n(self) -> float:
        """Filtered force on the specimen / N, less the tare of the display."""
        return surely(self.query("MEAS:FORC?"))

    @understood
    def pressure_pa(self) -> float:
        """Pressure on the program's die area / Pa. Raises PressRefused when no area is known."""
        return surely(self.query("MEAS:PRES?"))

    @understood
    def stiffness_n_per_m(self) -> float:
        """Stiffness that the controller sees / N/m."""
        return surely(self.query("MEAS:STIF?"))

    def status(self) -> "Snapshot":
        """What the press does now, as one record."""
        return self.snapshot()

    @understood
    def snapshot(self) -> "Snapshot":
        """What the press does now; arming checks only while it is safe, a hint only when it has tripped."""
        from .snapshots import take

        return take(self)

    def fixed(self) -> tuple[int, float, tuple[int, ...]]:
        """What only a new configuration changes: number of cells, force limit / N, cells that carry the force."""
        if self._fixed is None:
            count = int(float(self.parameter("cell_count").value))
            mask = int(float(self.parameter("high_range_mask").value))
            limit_n = float(self.parameter("force_limit_n").value)
            self._fixed = (count, limit_n, tuple(i for i in range(count) if mask >> i & 1))
        return self._fixed

    # -- motion ----------------------------------------------------------------------------------------------------

    def arm(self) -> None:
        """Check everything and make the press ready. Raises PressRefused; `checks()` lists all that fails.

        A start that fails, or an exception that leaves the `with`, makes safe again what was armed here and does not run.
        """
        self.command("CYCL:ARM")
        self._armed_here = True

    def disarm(self) -> None:
        """Make the press safe."""
        self.command("CYCL:DIS")
        self._armed_here = False

    def _disarm_unstarted(self) -> None:
        """After a failure: nothing that was armed here is left armed without a program."""
        with suppress(PressError):  # the failure itself is on its way to the caller
            if self._armed_here and self.state == READY:
                self.disarm()

    def reset(self) -> None:
        """Acknowledge a trip whose condition is gone."""
        self.command("CYCL:RES")

    def monitor(self, on: bool = True) -> None:
        """Watch a manual press, or end that."""
        self.command(f"CYCL:MON {'ON' if on else 'OFF'}")

    def start(
        self, program: str | Path | dict[str, Any], sample: str = "", operator: str = "", from_held: bool = False
    ) -> int:
        """Start a program; its run number. It is sent first if it is not on the press: see `program_push` for what it may be.

        `from_held`: it goes on from the cell that the last one has left held, whose force stays until a step changes it; sample
        and operator are that run's unless told. Raises NoSuchProgram, ConfigError, PressRefused: then the cell stays held.
        """
        try:
            name = self._sent(program)
            held = ",HELD" * from_held
            self.command(f"PROG:STAR {quoted(name)},{quoted(sample)},{quoted(operator)}{held}")
        except BaseException:
            self._disarm_unstarted()
            raise
        self._armed_here = False
        return self.program_state().run

    def _sent(self, program: str | Path | dict[str, Any]) -> str:
        """The program's name on the press; a press that was armed here is safe while it is written, and armed again."""
        there = isinstance(program, str) and program in self.programs()
        if there or not (self._armed_here and self.state == READY):
            return self.program_ready(program)[0]
        self.disarm()
        self._wait_for(SAFE)
        name, _ = self.program_ready(program)
        self.arm()
        self._wait_for(READY)
        return name

    def _wait_for(self, state: str) -> None:
        """Until the tick has adopted the state that was asked for, or a second is over: then the press says what is wrong."""
        ends = time.monotonic() + 1.0
        while self.state != state and time.monotonic() < ends:
            time.sleep(0.01)

    def run(self, program: str | Path | dict[str, Any], sample: str = "", operator: str = "") -> int:
        """Send the program if it is not on the press, arm the press if it is safe, and start; the run number."""
        name, _ = self.program_ready(program)
        if self.state == SAFE:
            self.arm()
        return self.start(name, sample, operator)

    def stop(self, kind: Stop | str = "controlled") -> None:
        """Stop the program: release at a bounded rate, hold the force, or vent."""
        words = {"controlled": "CONT", "hold": "HOLD", "vent": "VENT"}
        if kind not in words:
            raise ValueError(f"a stop is controlled, hold or vent, not {kind!r}")
        self.command(f"STOP {words[kind]}")

    def abort(self) -> None:
        """Vent now, ahead of everything that waits; may be called from another thread than the one that is asking."""
        self.link.stop()

    def trigger(self) -> None:
        """What the trigger input does."""
        self.command("TRIG")

    @understood
    def trigger_out(self) -> bool:
        """Whether the trigger output is on."""
        return self.query("TRIG:OUT?") == "1"

    # -- following -------------------------------------------------------------------------------------------------

    @understood
    def telemetry(self, cursor: int = 0, most: int = ROWS_AT_ONCE) -> Telemetry:
        """Rows after `cursor` (0: the oldest there are), and the cursor to go on with."""
        numbers = [int(field) for field in self.query(f"TEL? {cursor},{most}").split(",")]
        following, lost, width, count = numbers[:4]
        rows = [numbers[4 + i * width : 4 + (i + 1) * width] for i in range(count)]
        names = self.interlocks()
        return Telemetry(tuple(row_of(r, names, lost if i == 0 else 0) for i, r in enumerate(rows)), following, lost)

    def follow(self, period_s: float = 0.2, lease_s: float = LEASE_S) -> Iterator[Row]:
        """Rows of this run's telemetry until the program is over, renewing the host's lease meanwhile.

        Raises PressTripped if an interlock ended it. Leaving the loop early leaves the program running.
        """
        cursor = max(0, self.telemetry(0, 1).cursor - 1)
        leased = 0.0
        while True:
            if time.monotonic() - leased > lease_s / 3:
                self.lease(lease_s)
                leased = time.monotonic()
            state, _, now = self.query("CYCL:STAT?;:PROG:STAT?").partition(";")
            program = program_state_of(now)
            got = self.telemetry(cursor)
            cursor = got.cursor
            yield from (row for row in got.rows if row.run == program.run)
            if len(got.rows) >= ROWS_AT_ONCE:
                continue
            if state == TRIPPED:
                raise self.tripped()
            if state not in DRIVEN and program.step == 0:
                return
            time.sleep(period_s)

    def wait(self, timeout_s: float | None = None, lease_s: float = LEASE_S) -> str:
        """Wait until the program is over, renewing the host's lease; the press's state then (holding, if it ends in a hold).

        Raises PressTripped if an interlock ended it, TimeoutError (the program goes on).
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        for _ in self.follow(lease_s=lease_s):
            if until is not None and time.monotonic() > until:
                raise TimeoutError(f"the program was not over after {timeout_s} s; it goes on")
        return self.state

    def pull(self, data: str | Path | None = None) -> "RecordedRuns":
        """Fetch what the press has logged since the last time, into the user's folder of runs; the runs that it changed."""
        from .logs.pull import pull_press
        from .logs.runs import find
        from .logs.store import Store
        from .recorded_runs import RecordedRun, RecordedRuns

        with Store(Path(data) if data is not None else None) as store:
            _, changed = pull_press(self, store)
            found = [find(store, name) for name in changed]
        return RecordedRuns([RecordedRun(one) for one in found if one.run])

    @understood
    def tripped(self) -> PressTripped:
        """The exception that says why the press has tripped."""
        answer = split_answer(self.query("CYCL:TRIP:REAS?;HINT?"), ";")
        return PressTripped(unquoted(answer[0]), unquoted(answer[1]))


def open_press(port: str | None = None, alone: bool = True) -> Press:
    """The press on `port`, or the only one there is; `alone`: if no other program has it open.

    Where `stackpress serve` has the port, it is spoken to through that; `port` may name a press there as well: its identity, or
    `http://host:8573/IDENTITY`. Raises NoPress, PortBusy, LinkLost, NotAllowed.
    """
    served = service.link(port)
    if served is not None:
        return Press(served)
    found = choose_port(port)
    there = port_lock.others(found) if alone else []
    if there:
        raise PortBusy(f"{found} is open in {', '.join(there)}", "Close it there, or wait until it is done.")
    return Press(Link(found))


def vent_unheard(port: str | None = None) -> str:
    """Break and stop byte to a press that may not answer; its port. Raises NoPress, PortBusy, LinkLost."""
    served = service.link(port)
    if served is None:
        return link.vent_unheard(port)
    with served:
        served.stop()
    return served.port
