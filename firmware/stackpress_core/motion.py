"""What a program asks of the loop: orders, which go into the mailbox. The tick obeys where the table of states allows it."""

from stackpress_core import limits, tuning
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.tick import blackboard, states

AT = blackboard.AT
_STATE, _MODE = AT["STATE"], AT["MODE"]
_ORDER_SEQ, _ORDER_STATE, _HZ, _SET, _FORCE_H = AT["ORDER_SEQ"], AT["ORDER_STATE"], AT["HZ"], AT["SET"], AT["FORCE_H"]
RATE_LIMIT = (1 << 38) - 1  # cN/s x 65536: what the set-point generator can hold
VENTED_MS = 500
FAR_CN = 1 << 29
TICKS_MAX = (1 << 29) - 1
SLOWER = 4  # than until something answers, once the drive is through the valve's hysteresis
OF_FORCE_PERMILLE = 700  # of the contact force may be there at the touch,
TOUCH_CN = 1000  # and this, so that a small force does not take for ever;
MOST_CN = 10000  # more than this never is


def closing(to_cn, asked, values, lag_ms, has_scale):
    """(um/s, cN/s): how fast a contact that asks for so many um/s closes, and how fast a regulator's drive then rises.

    What moves a free ram is what the specimen gets that stops it, and what the drive rises by until force or travel are seen to
    answer comes on top. The host reckons with the same.
    """
    faster = values["ram_speed_um_per_s_per_n"]
    touch_cn = min(to_cn * OF_FORCE_PERMILLE // 1000 + TOUCH_CN, MOST_CN)
    speed = max(1, min(asked, touch_cn * faster // 100))
    # without a scale nobody sees the ram move: it has to be slow all the way
    rate = values["approach_rate_cn_per_s"] // (SLOWER if has_scale else SLOWER * SLOWER)
    return speed, max(1, min(rate, speed * 100000 // (faster * 2 * lag_ms)))


class Motion:
    """Gives the orders of who steers to the tick, by way of the words `S`."""

    def __init__(self, S, params, readings, events, scheduler):
        self.S = S
        self.params = params
        self.readings = readings
        self.events = events
        self.scheduler = scheduler
        self._settled_band = self._settled_from_ms = 0
        self._vented_from = -1

    def send(self, state, mode, target=0, rate=0, speed_nm_s=0, stopping=0):
        """Put an order into the mailbox; its number is written last. No trip turns one that is `stopping` into a hold.

        An order that the tick has not read yet may be replaced by one that can follow the state as it is, never by one that
        the tick would then have to ignore: that would lose both.
        """
        s = self.S
        now = s[_STATE]
        if self.readings.order_waits and state != now and not s[AT["K_TRANSITIONS"] + now] >> state & 1:
            raise Refused("the order before has not been carried out yet: ask again")
        s[AT["STOPPING"]] = stopping
        s[_ORDER_STATE], s[AT["ORDER_MODE"]], s[AT["ORDER_TARGET"]] = state, mode, target
        s[AT["ORDER_SPEED"]] = speed_nm_s
        if rate:
            rate = tuning.rate_q16(min(rate, RATE_LIMIT >> 16), s[_HZ])
            s[AT["ORDER_RATE"]] = rate
            s[AT["ORDER_CORNER"]], s[AT["ORDER_LANDING"]] = tuning.corner_words(rate, self.params["corner_ms"], s[_HZ])
        s[_ORDER_SEQ] = (s[_ORDER_SEQ] + 1) & 0x1FFFFFFF

    def _need_driven(self):
        if self.readings.state not in states.ARMED:
            raise Refused("the press is %s, not armed" % self.readings.state_name)

    def set_force(self, target_cn, rate_cn_per_s, stopping=0):
        """Bring the force to `target_cn`, no faster than the rate and the press's limit."""
        self._need_driven()
        if not 0 <= target_cn <= self.params["force_limit_cn"]:
            raise Refused("%d N is not between 0 and the working limit" % (target_cn // 100))
        rate = max(1, min(rate_cn_per_s, self.params["rate_limit_cn_per_s"]))
        state = states.PRESSING if target_cn >= self.S[_SET] else states.RELEASING
        self._limit(target_cn, rate)
        self.send(state, states.FORCE, target_cn, rate, 0, stopping)

    def _limit(self, target_cn, rate_cn_per_s):
        """What the interlocks allow an order follows from it."""
        s = self.S
        turning = abs(s[AT["SET_RATE"]]) * s[_HZ] >> 16
        for name, cn in zip(limits.WORDS, limits.of(self.params, target_cn, s[_SET], rate_cn_per_s, turning)):
            s[AT[name]] = cn

    def approach(self, contact_cn, speed_um_s):
        """Close the ram until the contact force is there, no faster than asked, than the press may, and than that force allows."""
        self._need_driven()
        speed, rate = closing(contact_cn, min(speed_um_s, self.params["approach_limit_um_per_s"]), self.params,
                              self.S[AT["K_LAG_MS"]], self.readings.displacement_nm != blackboard.ABSENT)  # fmt: skip
        self._limit(contact_cn, rate)
        self.send(states.PRESSING, states.APPROACH, contact_cn, rate, speed * 1000)

    def lock(self):
        self._need_driven()
        self.send(states.HOLDING, states.LOCK)

    def release(self, rate_cn_per_s):
        self.set_force(0, rate_cn_per_s)

    def stop(self, rate_cn_per_s):
        """A release that nothing turns into less: a trip meanwhile goes on with it, or vents."""
        self.set_force(0, rate_cn_per_s, 1)

    def let_go(self):
        """A press that an interlock has stopped with its cell pressed ramps down; one that does already goes on with it."""
        self.send(states.TRIPPED, states.FORCE)

    def ramp_down_as(self, rate_cn_per_s, limit_ms):
        """The ramp-down reaction goes at this rate, and vents after this time.

        A press that is pressed may trip between two of these words: that ramp then lands at nothing more sharply, or earlier.
        """
        s, hz = self.S, self.S[_HZ]
        rate = tuning.rate_q16(min(rate_cn_per_s, RATE_LIMIT >> 16), hz)
        corner, landing = tuning.corner_words(rate, self.params["corner_ms"], hz)
        s[AT["K_TRIP_RATE"]], s[AT["K_TRIP_CORNER"]], s[AT["K_TRIP_LANDING"]] = rate, corner, landing
        s[AT["K_TRIP_TICKS"]] = min(TICKS_MAX, limit_ms * hz // 1000)

    def vent(self):
        """Open the dump; the press is safe once the force has gone, and tripped if it does not go."""
        if self.S[_STATE] in states.DRIVEN and self.readings.state in states.DRIVEN:
            self.send(states.RELEASING, states.VENT)
        elif self.readings.state in states.ARMED:
            self.send(states.SAFE, states.OFF)

    def look(self):
        """After a vent the press is safe once the force has gone: an interlock row says how long that may take."""
        if self.S[_MODE] != states.VENT:
            self._vented_from = -1
            return
        self.scheduler.look()
        now_ms = self.scheduler.now_ms
        if self.readings.filtered_cn > self.params["contact_force_cn"]:
            self._vented_from = -1
        elif self._vented_from < 0:
            self._vented_from = now_ms
        elif now_ms - self._vented_from > VENTED_MS:
            self.send(states.SAFE, states.OFF)

    def settled(self, band_cn, time_ms):
        """Whether the force has been within the band round the set-point for that long; who asks is called again when it may be."""
        r, scheduler = self.readings, self.scheduler
        low, high, force_cn = self.S[_SET] - band_cn, self.S[_SET] + band_cn, self.S[_FORCE_H]
        if not low <= force_cn <= high or band_cn != self._settled_band or not r.set_point_reached:
            self._settled_band, self._settled_from_ms = band_cn, scheduler.now_ms
        if force_cn < low:
            scheduler.leaves(_FORCE_H, -FAR_CN, low - 1)
        elif force_cn > high:
            scheduler.leaves(_FORCE_H, high + 1, FAR_CN)
        else:
            scheduler.leaves(_FORCE_H, low, high)
            return r.set_point_reached and scheduler.reached(self._settled_from_ms + time_ms)
        return False

    def set_trigger(self, on):
        if self.S[AT["TRIGGER"]] != (1 if on else 0):
            self.S[AT["TRIGGER"]] = 1 if on else 0
            self.events.tell(records.EVENT_TRIGGER_OUT, 1 if on else 0)
