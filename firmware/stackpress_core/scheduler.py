"""What the foreground has to do, and when next: each part names the moment that it waits for, and is called by then.

A board's foreground passes as often as it can and calls every part each time. The simulated press runs its ticks in between at
once: up to the nearest moment, or to the tick in which a word of the blackboard changes that somebody acts on. What such a word
tells needs no moment.
"""

LOOK_MS = 5  # between two looks at what no word tells by itself
LONGEST_MS = 100  # between two passes, whoever is called
FAR_MS = 1 << 28


class Scheduler:
    """`parts` are called in their order; `now_ms` is press time, `wall_ms` wall time of the present pass. `next_ms` is the nearest
    moment, and none is further than LONGEST_MS."""

    def __init__(self, parts=(), trail=None):
        """`trail[0]` is the number of the part that is called now; a board keeps it through a reset (drivers/last_words.py)."""
        self._trail = [0] if trail is None else trail
        self.now_ms = self.wall_ms = self.next_ms = 0
        self.watch = None  # of who runs the ticks himself: keep(part, word, least, most), kept, and drop(part)
        self.take(parts)

    def take(self, parts):
        """From now on these are called."""
        self._parts = parts
        self._moments = [0] * (len(parts) + 1)  # the last is nobody's own
        self._count = self._of = len(parts)  # whose turn it is

    def go(self, now_ms, all_of_them=True):
        """A pass: who is called has to name his moment again."""
        self.now_ms = now_ms
        moments = self._moments
        far = now_ms + FAR_MS
        if all_of_them or moments[-1] <= now_ms:  # else what somebody asked of all of them is still to come
            moments[-1] = now_ms = far  # all moments have come
        for i in range(self._count):
            if moments[i] <= now_ms:
                self._of = i
                moments[i] = far
                if self.watch and self.watch.kept:
                    self.watch.drop(i)
                self._trail[0] = i
                self._parts[i]()
        self._of = self._trail[0] = self._count
        self.next_ms = min(self.now_ms + LONGEST_MS, min(moments))

    def at(self, ms):
        if ms < self._moments[self._of]:
            self._moments[self._of] = ms
        if ms < self.next_ms:
            self.next_ms = ms

    def reached(self, ms):
        """Whether the moment has come; else it is named."""
        if ms <= self.now_ms:
            return True
        self.at(ms)
        return False

    def leaves(self, word, least, most):
        """Somebody waits for a word of the blackboard to leave these bounds: a pass comes in the tick in which it does, where there
        is a watch that sees it, else he looks again soon."""
        if not self.watch or not self.watch.keep(self._of, word, least, most):
            self.look()

    def look(self):
        """Somebody looks at something that changes by itself: soon again, at a time that does not depend on this pass's."""
        self.at(self.now_ms - self.now_ms % LOOK_MS + LOOK_MS)

    def look_without(self):
        """Another pass soon, for which none of the parts is needed."""
        self.next_ms = min(self.next_ms, self.now_ms - self.now_ms % LOOK_MS + LOOK_MS)

    def look_all(self):
        """Something was done that anybody may have to see: all of them, soon."""
        before, self._of = self._of, self._count
        self.look()
        self._of = before
