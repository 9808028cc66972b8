"""What can go wrong on the emulated board, as wires, switches and the chip itself have it: one row each.

A row is (name, set, take back); `set` gets the value of the scenario. What is not here is a fault of the plant behind the
wires (stackpress_plant/faults.py): a cell, a switch, the valve, the air. Nothing here writes what the firmware has in memory.
"""

from collections.abc import Callable
from typing import Any

FOR_EVER = 1 << 40
RUNAWAY_UM = 400  # the ram travels so much further than the plant's ram does
TIMERAWL = 0x28


class ChipFaults:
    """The processor's own: its foreground hangs, or each tick is slowed down by a bus that stalls."""

    def __init__(self, chip: Any, exception: int) -> None:
        self._chip, self._exception = chip, exception
        self._hung_at, self._stalls = -1, False
        self._register = chip.mcu.timer.read_uint32

    def stall(self, ns: float) -> None:
        """Each tick takes so much longer from now on: between the handler's first look at the timer and its last."""
        chip, register, inside = self._chip, self._register, False

        def read(offset: int) -> int:
            nonlocal inside
            if offset == TIMERAWL and chip.mcu.core.ipsr == self._exception:
                inside = not inside
                if not inside:
                    chip.go_on_without_processor(ns)
            return int(register(offset))

        if ns or self._stalls:
            self._to_foreground()
            chip.mcu.timer.read_uint32, self._stalls = (read, True) if ns else (register, False)

    def hang(self) -> None:
        """The foreground goes round in circles from now on; interrupts come through."""
        self._to_foreground()
        self._hung_at = self._chip.mcu.core.pc
        self._chip.go_in_circles()

    def go_on(self) -> None:
        if self._hung_at >= 0:
            self._to_foreground()
            self._chip.mcu.core.pc, self._hung_at = self._hung_at, -1

    def _to_foreground(self) -> None:
        core = self._chip.mcu.core
        self._chip.step_while(lambda: core.ipsr != 0 or core.pm)


Row = tuple[str, Callable[[Any, int], None], Callable[[Any], None]]


def _dead(target: Any, on: bool) -> None:
    target.carrier.converter.dead = on


def _noise(target: Any, frames: int) -> None:
    target.carrier.converter.noise_frames = frames


def _stuck(target: Any, on: bool) -> None:
    target.carrier.flash.stuck_busy = on


def _stall(target: Any, us: int) -> None:
    target.chip_faults.stall(us * 1000.0)


def _travel(target: Any, um: int) -> None:
    target.carrier.travel_more_nm = um * 1000


ROWS: tuple[Row, ...] = (
    ("no_converter", lambda t, v: _dead(t, True), lambda t: _dead(t, False)),
    ("converter_dead", lambda t, v: _dead(t, True), lambda t: _dead(t, False)),
    ("crc", lambda t, v: _noise(t, FOR_EVER), lambda t: _noise(t, 0)),
    ("noise", lambda t, v: _noise(t, v), lambda t: _noise(t, 0)),
    ("chip_reset", lambda t, v: t.carrier.converter.power_glitch(), lambda t: None),
    ("flash_busy", lambda t, v: _stuck(t, True), lambda t: _stuck(t, False)),
    ("overrun", lambda t, v: _stall(t, 1000 if v == 1 else v), lambda t: _stall(t, 0)),
    ("foreground", lambda t, v: t.chip_faults.hang(), lambda t: t.chip_faults.go_on()),
    ("travel", lambda t, v: _travel(t, RUNAWAY_UM), lambda t: _travel(t, 0)),
)
TABLE = {name: (put, take) for name, put, take in ROWS}
