"""How press time runs: it stands still, keeps pace with the wall, or goes as fast as it can, perhaps to a given moment.

Only this file knows what time it is outside. A run that falls behind the wall is not made up for beyond a quarter of a
second: a laptop that slept must not be followed by a burst.
"""

import time

HOLD, REAL, FAST = "hold", "real", "fast"
BEHIND_US = 250_000
SLICE_US = 5_000  # press time that goes by in one piece at the wall's pace
ENDLESS = 1 << 40


class Pace:
    def __init__(self, mode, speed):
        self.mode = mode
        self.until = None  # press time in ms at which to fall back to HOLD, and then to call `reached`
        self.reached = None
        self.speed = speed
        self._ran_to = time.ticks_us()  # wall time up to which press time has gone by

    def set(self, mode, speed=1.0):
        """Raises ValueError if there is no such pace."""
        if mode not in (HOLD, REAL, FAST) or not speed > 0:
            raise ValueError("pace is hold, real or fast, and its speed is above 0")
        self.mode, self.speed = mode, speed
        self._ran_to = time.ticks_us()
        self.until = None

    def run_until(self, t_ms, reached):
        """As fast as it can until press time `t_ms`, then hold and call `reached()`."""
        self.mode, self.until, self.reached = FAST, t_ms, reached

    def wait_ms(self):
        """How long the loop may sleep in poll before press time may go on."""
        if self.mode == FAST:
            return 0
        if self.mode == HOLD:
            return 100
        left = int(SLICE_US / self.speed) - time.ticks_diff(time.ticks_us(), self._ran_to)
        return 0 if left <= 0 else (left + 999) // 1000

    def room_us(self):
        """How much press time may go by now / us."""
        if self.mode == FAST:
            return ENDLESS
        if self.mode == HOLD:
            return 0
        now = time.ticks_us()
        if time.ticks_diff(now, self._ran_to) > BEHIND_US:
            self._ran_to = time.ticks_add(now, -BEHIND_US)
        room = int(time.ticks_diff(now, self._ran_to) * self.speed)
        return room if room >= SLICE_US else 0

    def ran(self, us):
        """So much press time has gone by."""
        if self.mode == REAL:
            self._ran_to = time.ticks_add(self._ran_to, int(us / self.speed))

    def passed(self, now_ms):
        """Tell the pace what press time it is; ends a `run_until`."""
        if self.until is not None and now_ms >= self.until:
            self.mode, self.until = HOLD, None
            self.reached()
