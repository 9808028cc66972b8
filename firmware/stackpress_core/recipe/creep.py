"""How fast something drifts: the change between the means of two windows that follow each other, in integers.

A rate from two single readings would be all noise: 1 um/min is 17 nm in a second. Each window keeps the sum of about
64 readings as differences from the first one, so that the sum stays a small integer on a 31-bit chip. A sensor that lives is never
quite still: a window of one and the same reading tells nothing.
"""

READINGS = 64
_SPAN = 1 << 24  # |difference| is cut here: 64 of them still fit
_MINUTE_MS = 60_000


class CreepMeter:
    """Feed it readings with their time; `per_minute` is the rate, None until two windows are full."""

    def __init__(self):
        self.per_minute = None
        self._window_ms = _MINUTE_MS
        self._zero = 0
        self._from_ms = 0
        self._next_ms = 0
        self._sum = 0
        self._count = 0
        self._last_mean = None
        self._last_from_ms = 0
        self._lives = False  # readings of this window differ
        self._seen = 0

    def start(self, now_ms, window_ms, reading):
        self.per_minute = None
        self._window_ms = window_ms
        self._zero = self._seen = reading
        self._from_ms = self._next_ms = now_ms
        self._sum = self._count = 0
        self._lives = False
        self._last_mean = None

    @property
    def next_ms(self):
        """When the next reading is wanted."""
        return min(self._next_ms, self._from_ms + self._window_ms)

    def feed(self, now_ms, reading):
        """Take one reading; more of them than 64 a window are passed over."""
        if now_ms >= self._next_ms:
            self._next_ms = now_ms + self._window_ms // READINGS
            self._sum += max(-_SPAN, min(_SPAN, reading - self._zero))
            self._count += 1
            self._lives = self._lives or reading != self._seen
            self._seen = reading
        if now_ms - self._from_ms >= self._window_ms:
            self._close(now_ms)

    def _close(self, now_ms):
        mean = self._sum // max(1, self._count)
        self.per_minute = None
        if self._last_mean is not None and self._lives:
            # the distance of two equal windows' middles is the distance of their starts
            self.per_minute = (mean - self._last_mean) * _MINUTE_MS // max(1, self._from_ms - self._last_from_ms)
        self._last_mean, self._last_from_ms = mean, self._from_ms
        self._from_ms = self._next_ms = now_ms
        self._sum = self._count = 0
        self._lives = False

    def slower_than(self, limit_per_minute):
        """Whether the drift is known and at most `limit_per_minute`, in either direction."""
        return self.per_minute is not None and abs(self.per_minute) <= limit_per_minute
