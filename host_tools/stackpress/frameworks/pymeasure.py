"""The press as a PyMeasure instrument: properties and verbs over any VISA resource, a serial port or the service's socket.

    from stackpress.frameworks.pymeasure import StackPress

    press = StackPress("ASRL/dev/ttyACM0::INSTR")        # or "TCPIP::127.0.0.1::5025::SOCKET"
    press.arm()
    press.start("stack_pressure_hold", sample="LPS-17")
    press.wait(should_stop=procedure.should_stop)

Forces are in N, pressures in Pa, lengths in m, temperatures in degC; what a press has no sensor for is not a number.
"""

import math
import time
from collections.abc import Callable
from typing import Any

from pymeasure.instruments import Channel, Instrument, SCPIMixin
from pymeasure.instruments.validators import strict_discrete_set

STATES = ("safe", "ready", "pressing", "holding", "releasing", "tripped", "service", "monitor")
STOPS = {"controlled": "CONT", "hold": "HOLD", "vent": "VENT"}
ABSENT = 9.9e37  # what SCPI says for "not a number", and a little less


class PressError(RuntimeError):
    """The press has refused an order, or an interlock has stopped it; the text says why."""


def _number(value: Any) -> float:
    number = float(value)
    return math.nan if number > ABSENT else number


class Cell(Channel):  # type: ignore[misc]
    """A load cell, from 1."""

    force = Channel.measurement("MEAS:FORC:CELL{ch}? N", "Force on this cell / N.", get_process=_number)


class StackPress(SCPIMixin, Instrument):  # type: ignore[misc]
    """A press behind a VISA resource."""

    cells = Instrument.MultiChannelCreator(Cell, [1, 2, 3, 4])

    def __init__(self, adapter: Any, name: str = "stackpress", **kwargs: Any) -> None:
        kwargs.setdefault("read_termination", "\n")
        kwargs.setdefault("write_termination", "\n")
        super().__init__(adapter, name, **kwargs)

    force = Instrument.measurement("MEAS:FORC? N", "Force on the specimen / N.", get_process=_number)
    force_setpoint = Instrument.measurement("MEAS:FORC:SET? N", "Set-point that the loop follows / N.", get_process=_number)
    pressure = Instrument.measurement("MEAS:PRES? PA", "Pressure on the program's area / Pa.", get_process=_number)
    pressure_setpoint = Instrument.measurement("MEAS:PRES:SET? PA", "Set-point as a pressure / Pa.", get_process=_number)
    displacement = Instrument.measurement("MEAS:DISP? M", "Ram displacement / m.", get_process=_number)
    temperature_1 = Instrument.measurement("MEAS:TEMP1? CEL", "First platen temperature / degC.", get_process=_number)
    temperature_2 = Instrument.measurement("MEAS:TEMP2? CEL", "Second platen temperature / degC.", get_process=_number)
    state = Instrument.measurement("CYCL:STAT?", f"One of {', '.join(STATES)}.", cast=str, get_process=str.strip)
    trigger_out = Instrument.measurement("TRIG:OUT?", "Whether the trigger output is on.", cast=int, get_process=bool)

    @property
    def step(self) -> int:
        """Place in the program of the step that runs, from 1; 0 when none does."""
        return int(self.ask("PROG:STAT?").split(",")[1])

    @property
    def reason(self) -> str:
        """What tripped the press first; empty if it has not tripped."""
        return str(self.ask("CYCL:TRIP:REAS?")).strip().strip('"')

    def order(self, words: str) -> None:
        """An order, and whether it was taken. Raises PressError with the press's own words."""
        self.write(words)
        told = [f"{text.strip().strip(chr(34))} ({number})" for number, text in self.check_errors()]
        if told:
            raise PressError("; ".join(told))

    def arm(self) -> None:
        """Make the press ready. Raises PressError with the first check that fails."""
        self.order("CYCL:ARM")

    def disarm(self) -> None:
        """Make the press safe."""
        self.order("CYCL:DIS")

    def reset_trip(self) -> None:
        """Acknowledge a trip whose condition is gone. (`reset` is IEEE 488.2's *RST, which never touches a trip.)"""
        self.order("CYCL:RES")

    def start(self, program: str, sample: str = "", operator: str = "") -> None:
        """Start a program that is on the press, for a sample, by an operator. Raises PressError."""
        quoted = (text.replace('"', '""') for text in (program, sample, operator))
        self.order("PROG:STAR " + ",".join(f'"{text}"' for text in quoted))

    def stop(self, kind: str = "controlled") -> None:
        """Stop the program: `controlled`, `hold` or `vent`."""
        self.write(f"STOP {STOPS[strict_discrete_set(kind, tuple(STOPS))]}")

    def trigger(self) -> None:
        """What the trigger input does."""
        self.order("TRIG")

    def wait(self, should_stop: Callable[[], bool] = lambda: False, period_s: float = 0.2, lease_s: float = 10.0) -> str:
        """Wait until the program is over, renewing the host's lease; the state then. Asked to stop, it stops the program first.

        Raises PressError if an interlock ended it.
        """
        stopped = False
        while True:
            self.write(f"SYST:LEAS {lease_s} S")
            state = str(self.state)
            if state == "tripped":
                raise PressError(f"the press has tripped: {self.reason}")
            if self.step == 0 and state not in ("pressing", "releasing"):
                return state
            if should_stop() and not stopped:
                self.stop()
                stopped = True
            time.sleep(period_s)

    def shutdown(self) -> None:
        """End of the experiment: a program that runs is stopped under control, an armed press is made safe."""
        if self.step:
            self.stop()
        elif self.state == "ready":
            self.write("CYCL:DIS")
        super().shutdown()
