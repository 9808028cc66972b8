"""The safety relay on the rail: Pilz PNOZ s3 (750103), from its operating manual (21395-EN-10, pages 4 and 5).

Two channels and a start circuit. It is active "once the input circuit is closed and once the start circuit is closed" after that
(monitored start, rising edge), so it never closes by itself, and a start button that is jammed starts nothing. Either channel, or
its supply, opens it. Redundant inputs, tested "in each on-off cycle": what opened in one channel alone has to open in both.

Not in the pages that were read: its times. 10 to 30 ms of release are what such relays have; so long a channel has to be open to
count as open, for each has a relay of its own inside.
"""

RELEASE_MS = (10.0, 30.0)


class SafetyRelay:
    """`look` at each moment when something may have changed; `closed` are its contacts in the valves' supply."""

    def __init__(self, release_ms: float = 20.0) -> None:
        self.closed = False
        self._release_ns = release_ms * 1e6
        self._opened_ns: float | None = None  # since when something that opens it is open
        self._alone_ns: float | None = None  # since when one channel has been open without the other, after both were closed
        self._half = self._were_closed = self._start = False

    def look(self, now_ns: float, channel_1: bool, channel_2: bool, start: bool, supply: bool = True) -> bool:
        """Whether its contacts are closed now."""
        self._compare(now_ns, channel_1, channel_2, supply)
        whole = channel_1 and channel_2 and supply
        pressed, self._start = start and not self._start, start
        if not whole:
            if self._opened_ns is None:
                self._opened_ns = now_ns
            if now_ns - self._opened_ns >= self._release_ns:
                self.closed = False
            return self.closed
        self._opened_ns = None
        if pressed and not self._half:
            self.closed = True
        return self.closed

    def _compare(self, now_ns: float, channel_1: bool, channel_2: bool, supply: bool) -> None:
        if channel_1 == channel_2:
            self._alone_ns, self._were_closed = None, channel_1
            if not channel_1 or not supply:
                self._half = False
        elif self._were_closed:
            self._alone_ns = now_ns if self._alone_ns is None else self._alone_ns
            if now_ns - self._alone_ns >= self._release_ns:
                self._half = True
