"""The emulated chip's pins as wires: a device watches levels and drives levels, and asks the clock for a later call."""

from collections.abc import Callable
from typing import Any


class Wires:
    """`chip` is rp2040py's RP2040; all times are simulated nanoseconds."""

    def __init__(self, chip: Any) -> None:
        self.chip = chip
        self.driven: Callable[[int, int], None] = lambda pin, level: None  # tells of every level that a device drives anew
        self._levels: dict[int, int] = {}

    @property
    def now_ns(self) -> float:
        return float(self.chip.clock.nanos)

    def level(self, pin: int) -> int:
        """What the chip drives now; 0 if it drives nothing (every input of the carrier has a pull-down)."""
        gpio = self.chip.gpio[pin]
        return int(bool(gpio.output_enable and gpio.output_value))

    def watch(self, pin: int, changed: Callable[[int], None]) -> None:
        """Call `changed(level)` at each edge; a pin that is no output counts as low."""
        last = self.level(pin)

        def listener(value: Any, _: Any) -> None:
            nonlocal last
            level = 1 if value == 1 else 0
            if level != last:
                last = level
                changed(level)

        self.chip.gpio[pin].add_listener(listener)

    def drive(self, pin: int, level: int) -> None:
        """The level that a device puts on a wire; the same again is no edge."""
        if self._levels.get(pin) != level:
            self._levels[pin] = level
            self.chip.gpio[pin].set_input_value(bool(level))
            self.driven(pin, level)

    def alarm(self, call: Callable[[], None]) -> Any:
        """Something with schedule(nanoseconds) and cancel()."""
        return self.chip.clock.create_alarm(call)
