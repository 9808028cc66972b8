"""How press time runs: it stands still, keeps pace with the wall, or goes as fast as it can, perhaps to a given moment.

Only this file knows what time it is outside. A run that falls behind the wall is not made up for beyond a quarter of a
second: a laptop that slept must not be followed by a burst.
"""

import time

HOLD, REAL, FAST = "hold", "real", "fast"
BEHIND_US = 250_000


class Pace:
    def __init__(self, mode, speed):
        self.mode = mode
        self.until = None  # press time in ms at which to fall back to HOLD, and then to call `reached`
        self.reached = None
        self.speed = speed
        self._due_us = time.ticks_us()

    def set(self, mode, speed=1.0):
        """Raises ValueError if there is no such pace."""
        if mode not in (HOLD, REAL, FAST) or not speed > 0:
            raise ValueError("pace is hold, real or fast, and its speed is above 0")
        self.mode, self.speed = mode, speed
        self._due_us = time.ticks_us()
        self.until = None

    def run_until(self, t_ms, reached):
        """As fast as it can until press time `t_ms`, then hold and call `reached()`."""
        self.mode, self.until, self.reached = FAST, t_ms, reached

    def wait_ms(self):
        """How long the loop may sleep in poll before the next period is due."""
        if self.mode == FAST:
            return 0
        if self.mode == HOLD:
            return 100
        late = time.ticks_diff(time.ticks_us(), self._due_us)
        return 0 if late >= 0 else (-late + 999) // 1000

    def due(self, period_us):
        """Whether a foreground period of `period_us` press time may run now."""
        if self.mode == FAST:
            return True
        if self.mode == HOLD:
            return False
        now = time.ticks_us()
        late = time.ticks_diff(now, self._due_us)
        if late < 0:
            return False
        self._due_us = time.ticks_add(now if late > BEHIND_US else self._due_us, int(period_us / self.speed))
        return True

    def passed(self, now_ms):
        """Tell the pace what press time it is; ends a `run_until`."""
        if self.until is not None and now_ms >= self.until:
            self.mode, self.until = HOLD, None
            self.reached()
