"""What contacts are believed: a button that bounces acts once, a two-channel switch has to open whole before it counts again."""

from stackpress_core.tick import blackboard

BUTTONS = blackboard.IN["start"] | blackboard.IN["stop"] | blackboard.IN["reset"] | blackboard.IN["select"]
STOP = blackboard.IN["stop"]
SETTLED_MS = 20
LONG_MS = 3000  # stop vents when it is held for so long; pressed again it does not
ROWS_OF = {"emergency stop": ("estop", "discrepancy"), "guard": ("guard", "discrepancy")}  # rows of a trip that a pair explains
PAIRS = (("emergency stop", blackboard.IN["estop_a"] | blackboard.IN["estop_b"]),
         ("guard", blackboard.IN["guard_a"] | blackboard.IN["guard_b"]))  # fmt: skip
WALL_MASK = (1 << 30) - 1


def told(pair):
    """What to do about a pair that is `stuck`."""
    return ("one channel of the %s opened alone: open it fully, so that both contacts open, then close it again; "
            "a contact may be welded" % pair)


class Buttons:
    """Each acts when it has been down for SETTLED_MS; stop acts at once, and again only after it has been up as long. A stop that
    is held becomes a long one after LONG_MS."""

    def __init__(self):
        self._stop_since = -1  # when stop acted, while it is held and was not long yet
        self._held = BUTTONS  # one that is held while the press starts does nothing before it is let go
        self._seen = BUTTONS
        self._since = 0

    @property
    def settling(self):
        """Whether one has changed and is not believed yet."""
        return self._seen != self._held

    def pressed(self, inputs, wall_ms):
        """The buttons that act now, as bits of the blackboard's inputs."""
        now = inputs & BUTTONS
        if now != self._seen:
            self._seen, self._since = now, wall_ms
        elif now == self._held:
            return 0
        acts = now & ~self._held & STOP
        self._held |= acts
        if (wall_ms - self._since) & WALL_MASK >= SETTLED_MS:
            acts |= now & ~self._held
            self._held = now
        if acts & STOP:
            self._stop_since = wall_ms
        return acts

    @property
    def stop_is_held(self):
        return self._stop_since >= 0

    def long_stop(self, wall_ms):
        """Whether stop has now been held for LONG_MS: once for each time that it went down."""
        if self._stop_since < 0:
            return False
        long = (wall_ms - self._stop_since) & WALL_MASK >= LONG_MS
        if long or not self._held & STOP:
            self._stop_since = -1
            return long and bool(self._held & STOP)
        return False


class Pairs:
    """Emergency stop and guard, two channels each: `stuck` is the name of one of which a channel did not open with the other.

    A contact that is welded closes the pair again as soon as the other one closes. So what opened in half is believed again
    once it has opened whole, as a monitored safety relay has it. Contacts bounce as they close: a pair is closed SETTLED_MS
    after it was first seen so, however long ago it was seen open.
    """

    def __init__(self):
        self._was_open = self._half = self._open = 0  # a bit for each pair
        self._closed_ms = 0  # when one was first seen closed again

    def look(self, inputs, wall_ms):
        """Once in each pass, with the blackboard's inputs."""
        for i in range(len(PAIRS)):
            both, bit = PAIRS[i][1], 1 << i
            closed = inputs & both
            if closed == both:
                if self._open & bit:
                    self._open &= ~bit
                    self._closed_ms = wall_ms
                elif (wall_ms - self._closed_ms) & WALL_MASK >= SETTLED_MS:
                    self._was_open &= ~bit
                continue
            self._open |= bit
            if closed == 0:
                self._was_open |= bit
                self._half &= ~bit
            elif not self._was_open & bit:
                self._half |= bit

    @property
    def stuck(self):
        """The pair of which one channel has opened alone, since both were open; empty if there is none."""
        for i in range(len(PAIRS)):
            if self._half & 1 << i:
                return PAIRS[i][0]
        return ""
