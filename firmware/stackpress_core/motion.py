"""What a program asks of the loop: orders, which go into the mailbox. The tick obeys where the table of states allows it."""

from stackpress_core import tuning
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.tick import states, words

AT = words.AT
_STATE, _MODE = AT["STATE"], AT["MODE"]
_CMD_SEQ, _CMD_STATE, _HZ, _SET, _FORCE_H = AT["CMD_SEQ"], AT["CMD_STATE"], AT["HZ"], AT["SET"], AT["FORCE_H"]
RATE_LIMIT = (1 << 38) - 1  # cN/s x 65536: what the set-point generator can hold
VENTED_MS = 500
FAR_CN = 1 << 29
VENT_LIMIT_MS = 10000


class Motion:
    """Gives the orders of who steers to the tick, by way of the words `S`."""

    def __init__(self, S, params, readings, events, agenda):
        self.S = S
        self.params = params
        self.readings = readings
        self.events = events
        self.agenda = agenda
        self._settled_band = self._settled_from_ms = 0
        self._vent_from = self._vented_from = -1

    def send(self, state, mode, target=0, rate=0, speed_nm_s=0):
        """Put an order into the mailbox; its number is written last.

        An order that the tick has not read yet may be replaced by one that can follow the state as it is, never by one that
        the tick would then have to ignore: that would lose both.
        """
        s = self.S
        now = s[_STATE]
        if self.readings.order_waits and state != now and not s[AT["K_TRANSITIONS"] + now] >> state & 1:
            raise Refused("the order before has not been carried out yet: ask again")
        s[_CMD_STATE], s[AT["CMD_MODE"]], s[AT["CMD_TARGET"]] = state, mode, target
        s[AT["CMD_SPEED"]] = speed_nm_s
        if rate:
            rate = tuning.rate_q16(min(rate, RATE_LIMIT >> 16), s[_HZ])
            s[AT["CMD_RATE"]] = rate
            s[AT["CMD_CORNER"]], s[AT["CMD_LANDING"]] = tuning.corner_words(rate, self.params["corner_ms"], s[_HZ])
        s[_CMD_SEQ] = (s[_CMD_SEQ] + 1) & 0x1FFFFFFF

    def _need_driven(self):
        if self.readings.state not in states.ARMED:
            raise Refused("the press is %s, not armed" % self.readings.state_name)

    def set_force(self, target_cn, rate_cn_per_s):
        """Bring the force to `target_cn`, no faster than the rate and the press's limit."""
        self._need_driven()
        if not 0 <= target_cn <= self.params["force_limit_cn"]:
            raise Refused("%d N is not between 0 and the working limit" % (target_cn // 100))
        rate = max(1, min(rate_cn_per_s, self.params["rate_limit_cn_per_s"]))
        state = states.PRESSING if target_cn >= self.S[_SET] else states.RELEASING
        self.send(state, states.FORCE, target_cn, rate)

    def approach(self, contact_cn, speed_um_s):
        self._need_driven()
        speed = min(speed_um_s, self.params["approach_limit_um_per_s"])
        self.send(states.PRESSING, states.APPROACH, contact_cn, 0, speed * 1000)

    def lock(self):
        self._need_driven()
        self.send(states.HOLDING, states.LOCK)

    def release(self, rate_cn_per_s):
        self.set_force(0, rate_cn_per_s)

    def vent(self):
        """Let the force go through the valve; the press is safe once it is gone."""
        if self.S[_STATE] in states.DRIVEN and self.readings.state in states.DRIVEN:
            self.send(states.RELEASING, states.VENT)
        elif self.readings.state in states.ARMED:
            self.send(states.SAFE, states.OFF)

    def look(self):
        """After a vent the press is safe once the force has gone, and after a while in any case."""
        if self.S[_MODE] != states.VENT:
            self._vent_from = self._vented_from = -1
            return
        self.agenda.look()
        now_ms = self.agenda.now_ms
        if self._vent_from < 0:
            self._vent_from = now_ms
        if self.readings.pressed:
            self._vented_from = -1
        elif self._vented_from < 0:
            self._vented_from = now_ms
        vented = self._vented_from >= 0 and now_ms - self._vented_from > VENTED_MS
        if vented or now_ms - self._vent_from > VENT_LIMIT_MS:
            self.send(states.SAFE, states.OFF)

    def settled(self, band_cn, time_ms):
        """Whether the force has been within the band round the set-point for that long; who asks is called again when it may be."""
        r, agenda = self.readings, self.agenda
        low, high, force_cn = self.S[_SET] - band_cn, self.S[_SET] + band_cn, self.S[_FORCE_H]
        if not low <= force_cn <= high or band_cn != self._settled_band or not r.set_point_reached:
            self._settled_band, self._settled_from_ms = band_cn, agenda.now_ms
        if force_cn < low:
            agenda.leaves(_FORCE_H, -FAR_CN, low - 1)
        elif force_cn > high:
            agenda.leaves(_FORCE_H, high + 1, FAR_CN)
        else:
            agenda.leaves(_FORCE_H, low, high)
            return r.set_point_reached and agenda.reached(self._settled_from_ms + time_ms)
        return False

    def set_trigger(self, on):
        if self.S[AT["TRIGGER"]] != (1 if on else 0):
            self.S[AT["TRIGGER"]] = 1 if on else 0
            self.events.tell(records.EVENT_TRIGGER_OUT, 1 if on else 0)
