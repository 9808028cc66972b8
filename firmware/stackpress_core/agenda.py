"""When the foreground has to pass again: who waits for a moment names it in each pass, and the nearest one stands.

A board's foreground passes as often as it can and needs none of this. The simulated press runs its ticks in between at once: up to
that moment, or to the tick in which a word of the frame changes that somebody acts on. What such a word tells needs no moment.
"""

LOOK_MS = 5  # between two looks at what no word tells by itself
LONGEST_MS = 100


class Agenda:
    """Press time in ms: `now_ms` of the present pass, `next_ms` of the next one."""

    def __init__(self):
        self.now_ms = self.next_ms = 0

    def begin(self, now_ms):
        """A pass; what the passes before waited for has to be named again."""
        self.now_ms, self.next_ms = now_ms, now_ms + LONGEST_MS

    def at(self, ms):
        if ms < self.next_ms:
            self.next_ms = ms

    def reached(self, ms):
        """Whether the moment has come; else it is named."""
        if ms <= self.now_ms:
            return True
        self.at(ms)
        return False

    def look(self):
        """Somebody looks at something that changes by itself: soon again, at a time that does not depend on this pass's."""
        self.at(self.now_ms - self.now_ms % LOOK_MS + LOOK_MS)
