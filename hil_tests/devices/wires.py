"""The emulated chip's pins as wires: a device watches levels and drives levels, and asks the clock for a later call."""

from collections.abc import Callable, Mapping
from typing import Any


class Wires:
    """`chip` is rp2040py's RP2040; all times are simulated nanoseconds. `kept` edges of each pin in `named` are remembered."""

    def __init__(self, chip: Any, named: Mapping[str, int] | None = None, kept: int = 0) -> None:
        self.chip, self._clock = chip, chip.clock
        self._lines: dict[int, Any] = {}
        for pin in (named or {}).values():
            self.line(pin, kept).remember(self.level(pin))

    @property
    def now_ns(self) -> float:
        return float(self._clock.nanos)

    def level(self, pin: int) -> int:
        """What the chip drives now; 0 if it drives nothing (every input of the carrier has a pull-down)."""
        gpio = self.chip.gpio[pin]
        return int(bool(gpio.output_enable and gpio.output_value))

    def watch(self, pin: int, changed: Callable[[int], None]) -> None:
        """Call `changed(level)` at each edge, after those who came before; a pin that is no output counts as low."""
        self.line(pin).watch(changed)

    def line(self, pin: int, kept: int = 0) -> Any:
        """The pin's Edges."""
        if pin not in self._lines:
            from hil_tests.devices.edges import Edges  # late: then the compiled one is found, if there is one

            self._lines[pin] = Edges(self.chip.gpio[pin], self._clock, self.level(pin), kept)
            self.chip.gpio[pin].add_listener(self._lines[pin])
        return self._lines[pin]

    def shifter(self, clock: int, data: int, wire: int | None, width: int, told_at: int, reached: Callable[[], None]) -> Any:
        """A shift register (edges.py) between these pins."""
        from hil_tests.devices.edges import Shifter

        shifter = Shifter(self.line(data), None if wire is None else self.line(wire), width, told_at, reached)
        self.line(clock).clock(shifter)
        return shifter

    def edges(self, pin: int) -> tuple[list[tuple[float, int]], bool]:
        """What is remembered of a pin, whoever drove it, and whether that is all."""
        found: tuple[list[tuple[float, int]], bool] = self._lines[pin].remembered()
        return found

    def drive(self, pin: int, level: int) -> None:
        """The level that a device puts on a wire; the same again is no edge."""
        self.line(pin).drive(level)

    def alarm(self, call: Callable[[], None]) -> Any:
        """Something with schedule(nanoseconds) and cancel()."""
        return self.chip.clock.create_alarm(call)
