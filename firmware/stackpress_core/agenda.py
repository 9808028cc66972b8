"""What the foreground has to do, and when next: each part names the moment that it waits for, and is called by then.

A board's foreground passes as often as it can and calls every part each time. The simulated press runs its ticks in between at
once: up to the nearest moment, or to the tick in which a word of the frame changes that somebody acts on. What such a word tells
needs no moment.
"""

LOOK_MS = 5  # between two looks at what no word tells by itself
LONGEST_MS = 100  # between two passes, whoever is called
FAR_MS = 1 << 28


class Agenda:
    """`parts` are called in their order; `now_ms` is press time, `wall_ms` wall time of the present pass."""

    def __init__(self, parts=()):
        self.now_ms = self.wall_ms = 0
        self.take(parts)

    def take(self, parts):
        """From now on these are called."""
        self._parts = parts
        self._moments = [0] * (len(parts) + 1)  # the last is nobody's own
        self._of = len(parts)  # whose turn it is

    @property
    def next_ms(self):
        """The nearest moment, and none is further than LONGEST_MS."""
        return min(self.now_ms + LONGEST_MS, min(self._moments))

    def go(self, now_ms, all_of_them=True):
        """A pass: who is called has to name his moment again."""
        self.now_ms = now_ms
        moments = self._moments
        due = all_of_them or moments[-1] <= now_ms
        far_ms = now_ms + FAR_MS
        if due:  # else what somebody asked of all of them is still to come
            moments[-1] = far_ms
        parts = self._parts
        for i in range(len(parts)):
            if due or moments[i] <= now_ms:
                self._of = i
                moments[i] = far_ms
                parts[i]()
        self._of = len(parts)

    def at(self, ms):
        if ms < self._moments[self._of]:
            self._moments[self._of] = ms

    def reached(self, ms):
        """Whether the moment has come; else it is named."""
        if ms <= self.now_ms:
            return True
        self.at(ms)
        return False

    def look(self):
        """Somebody looks at something that changes by itself: soon again, at a time that does not depend on this pass's."""
        self.at(self.now_ms - self.now_ms % LOOK_MS + LOOK_MS)

    def look_all(self):
        """Something was done that anybody may have to see: all of them, soon."""
        before, self._of = self._of, len(self._parts)
        self.look()
        self._of = before
