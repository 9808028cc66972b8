"""Program time: ms since the program's first pass, pauses left out.

Press time comes as seconds and ms within the second and never wraps; the difference is a small integer for the first
twelve days and just a larger one after that.
"""


class ProgramClock:
    """`ms` is the program's time at the present pass."""

    def __init__(self):
        self.ms = 0
        self._from_s = None
        self._from_ms = 0
        self._passed_ms = 0
        self._paused_ms = 0

    def restart(self):
        """The next pass is the first."""
        self._from_s = None
        self.ms = self._passed_ms = self._paused_ms = 0

    def tell(self, now_s, now_ms, paused):
        """A pass at this press time; what went by since the pass before counts unless the program is paused."""
        if self._from_s is None:
            self._from_s, self._from_ms = now_s, now_ms
        passed = (now_s - self._from_s) * 1000 + now_ms - self._from_ms
        if paused:
            self._paused_ms += passed - self._passed_ms
        self._passed_ms = passed
        self.ms = passed - self._paused_ms
