"""A proportional valve behind a PWM output: its coil averages, so the duty of the last whole period is its set-point.

A level that lasts longer than a period and a half is no PWM any more: fully open or fully closed; while there was no whole period
yet, the coil's own time constant decides. Without supply it is closed.
"""

from hil_tests.devices.wires import Wires

COIL_NS = 15e6


class PwmValve:
    def __init__(self, wires: Wires, pin: int) -> None:
        self._wires = wires
        self.level = wires.level(pin)
        self.periods = 0
        self.period_ns = 0.0
        self._rise = self._fall = wires.now_ns
        self._duty = 0.0
        wires.watch(pin, self._changed)

    def _changed(self, level: int) -> None:
        now = self._wires.now_ns
        if level:
            if self._fall > self._rise and self.periods:
                self.period_ns = now - self._rise
                self._duty = (self._fall - self._rise) / self.period_ns
            self.periods += 1
            self._rise = now
        else:
            self._fall = now
        self.level = level

    @property
    def code(self) -> int:
        """0..65535."""
        now = self._wires.now_ns
        since = now - max(self._rise, self._fall)
        longest = self.period_ns * 1.5 if self.period_ns else COIL_NS
        if since > longest:
            return 65535 if self.level else 0
        return round(self._duty * 65535)
