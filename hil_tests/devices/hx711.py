"""HX711 at its two wires, from its datasheet (Avia Semiconductor): DOUT, PD_SCK, gain by the number of pulses, power-down.

DOUT is high while a conversion goes on and falls when one is ready. Each rising edge of PD_SCK shifts a bit out, most significant
first, 0.1 us later; the 25th pulse (26th, 27th for the other inputs) chooses the next conversion and DOUT is high again. PD_SCK
high for more than 60 us powers it down; when it falls, the chip begins anew: channel A, gain 128, settled after four conversions
("output settling time": 50 ms at 80 SPS, 400 ms at 10), and so it does for another input (table 3: 25 pulses are channel A at gain
128, 26 channel B at 32, 27 channel A at 64). Output is two's complement and stays at 7FFFFFh or 800000h beyond its range.

A step takes the same four conversions: the filter inside weighs them 1, 7, 7, 1 here, as the simulated press has it.
"""

from collections.abc import Callable

from hil_tests.devices.wires import Wires

HIGHEST, LOWEST = 0x7FFFFF, -0x800000
DOWN_NS, VALID_NS = 60_000, 100
SHORTEST_NS, LONGEST_NS = 200, 50_000
SETTLING = 4
WEIGHTS = (1, 7, 7, 1)
A_128, B_32, A_64 = 25, 26, 27  # pulses of a read that ask for it


class Hx711:
    """`sample()` gives a code at each conversion, of any size: what is beyond the range saturates."""

    def __init__(self, wires: Wires, clock: int, data: int, sample: Callable[[], int], sps: float = 80.0,
                 other: Callable[[], int] = lambda: 0) -> None:
        """`other()` is channel B."""
        self.sample, self.other, self.sps = sample, other, sps
        self.dead = False  # no power: the line floats, its pull decides
        self.stuck: int | None = None  # a short of DOUT
        self.violations: list[str] = []
        self.conversions = self.reads = 0
        self.powered = True
        self.gain_pulses = self._selected = A_128
        self._seen: list[int] = []  # by the filter, newest first
        self._wires, self._pin = wires, data
        self._settling = SETTLING
        self._code, self._bits = 0, 0
        self._edge_ns = 0.0
        self._out = 1
        self._convert = wires.alarm(self._converted)
        self._show = wires.alarm(self._drive)
        self._down = wires.alarm(self._power_down)
        wires.watch(clock, self._clocked)
        self._drive()
        self._convert.schedule(1e9 / sps)

    def _drive(self) -> None:
        level = self._out if self.stuck is None else self.stuck
        self._wires.drive(self._pin, 1 if self.dead else level)

    def _put(self, level: int) -> None:
        self._out = level
        self._show.schedule(VALID_NS)

    def _converted(self) -> None:
        self._convert.schedule(1e9 / self.sps)
        self.conversions += 1
        if self.gain_pulses != self._selected:
            self._selected, self._settling = self.gain_pulses, SETTLING
        code = self._filtered()
        if self._settling:
            self._settling -= 1
            return
        if 0 < self._bits < 25:
            return  # being read: that conversion is kept
        self._code, self._bits = code & 0xFFFFFF, 0
        self._put(0)

    def _filtered(self) -> int:
        whole = self.other() if self._selected == B_32 else self.sample() // (2 if self._selected == A_64 else 1)
        self._seen = [max(LOWEST, min(HIGHEST, whole)), *self._seen[: SETTLING - 1]]
        return sum(w * code for w, code in zip(WEIGHTS, self._seen, strict=False)) // sum(WEIGHTS)

    def restart(self) -> None:
        """Its supply dips: whatever is being read goes on as ones, and what it had settled to is gone."""
        self._code, self._settling, self._seen, self.gain_pulses = HIGHEST << 1 | 1, SETTLING, [], A_128
        self._put(1)

    def _power_down(self) -> None:
        self.powered = False
        self._convert.cancel()
        self._put(1)

    def _clocked(self, level: int) -> None:
        now = self._wires.now_ns
        width, self._edge_ns = now - self._edge_ns, now
        if level:
            self._down.schedule(DOWN_NS)
            if self.powered and self._out == 0 or self._bits:
                self._shift()
            return
        self._down.cancel()
        if not self.powered:
            self.powered, self._settling, self._bits, self.gain_pulses, self._seen = True, SETTLING, 0, A_128, []
            self._convert.schedule(1e9 / self.sps)
        elif not SHORTEST_NS <= width <= LONGEST_NS:
            self.violations.append(f"a pulse of {width / 1000:.2f} us")

    def _shift(self) -> None:
        self._bits += 1
        if self._bits <= 24:
            self._put(self._code >> (24 - self._bits) & 1)
        else:
            self.gain_pulses = self._bits
            self.reads += int(self._bits == 25)
            self._put(1)
