"""An incremental displacement scale with square-wave outputs A and B in quadrature, as their data sheets draw it.

A leads B when the reading head moves up: from rest 00, 10, 11, 01 (A B), then 00 again; every edge is one step of the resolution.
Lines are driven through line receivers, so they have a level at all times.
"""

from hil_tests.devices.wires import Wires

LEVELS = ((0, 0), (1, 0), (1, 1), (0, 1))


class QuadratureScale:
    """`move_to` sends the edges on the way there, evenly over the time that it takes."""

    def __init__(self, wires: Wires, pin_a: int, pin_b: int, nm_per_count: int = 1000) -> None:
        self._wires, self._pins, self.nm_per_count = wires, (pin_a, pin_b), nm_per_count
        self.count = self._wanted = 0
        self._gap_ns = 1.0
        self._step = wires.alarm(self._edge)
        self._walking = False
        self._drive()

    @property
    def displacement_nm(self) -> int:
        """Where the head has been told to be."""
        return self._wanted * self.nm_per_count

    def move_to(self, nm: int, over_ns: float) -> None:
        self._wanted = nm // self.nm_per_count
        steps = abs(self._wanted - self.count)
        if not steps:
            return
        self._gap_ns = over_ns / steps
        if not self._walking:
            self._walking = True
            self._step.schedule(self._gap_ns)

    def jump(self, counts: int) -> None:
        """Both lines at once: a head that left its scale."""
        self.count += counts
        self._wanted += counts
        self._drive()

    def _edge(self) -> None:
        if self.count == self._wanted:
            self._walking = False
            return
        self.count += 1 if self._wanted > self.count else -1
        self._drive()
        self._step.schedule(self._gap_ns)

    def _drive(self) -> None:
        for pin, level in zip(self._pins, LEVELS[self.count & 3], strict=True):
            self._wires.drive(pin, level)
