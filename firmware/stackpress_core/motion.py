"""What a program step asks of the loop. Orders go into the mailbox; the tick obeys where the table of states allows it."""

from stackpress_core import tuning
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.settings import InForce
from stackpress_core.tick import states, words

AT = words.AT
_STATE = AT["STATE"]
_CMD_SEQ, _CMD_STATE, _HZ, _SET, _FORCE_H = AT["CMD_SEQ"], AT["CMD_STATE"], AT["HZ"], AT["SET"], AT["FORCE_H"]
RATE_LIMIT = (1 << 38) - 1  # cN/s x 65536: what the set-point generator can hold


class Steered(InForce):
    """The part of a Press that programs steer by."""

    def _send(self, state, mode, target=0, rate=0, speed_nm_s=0):
        """Put an order into the mailbox; its number is written last.

        An order that the tick has not read yet may be replaced by one that can follow the state as it is, never by one that
        the tick would then have to ignore: that would lose both.
        """
        s = self.S
        now = s[_STATE]
        if self.order_waits and state != now and not s[AT["K_TRANSITIONS"] + now] >> state & 1:
            raise Refused("the order before has not been carried out yet: ask again")
        s[_CMD_STATE], s[AT["CMD_MODE"]], s[AT["CMD_TARGET"]] = state, mode, target
        s[AT["CMD_SPEED"]] = speed_nm_s
        if rate:
            rate = tuning.rate_q16(min(rate, RATE_LIMIT >> 16), s[_HZ])
            s[AT["CMD_RATE"]] = rate
            s[AT["CMD_CORNER"]], s[AT["CMD_LANDING"]] = tuning.corner_words(rate, self.params["corner_ms"], s[_HZ])
        s[_CMD_SEQ] = (s[_CMD_SEQ] + 1) & 0x1FFFFFFF

    def _need_driven(self):
        if self.state not in states.ARMED:
            raise Refused("the press is %s, not armed" % self.state_name)

    def set_force(self, target_cn, rate_cn_per_s):
        """Bring the force to `target_cn`, no faster than the rate and the press's limit."""
        self._need_driven()
        if not 0 <= target_cn <= self.params["force_limit_cn"]:
            raise Refused("%d N is not between 0 and the working limit" % (target_cn // 100))
        rate = max(1, min(rate_cn_per_s, self.params["rate_limit_cn_per_s"]))
        state = states.PRESSING if target_cn >= self.set_cn else states.RELEASING
        self._send(state, states.FORCE, target_cn, rate)

    def approach(self, contact_cn, speed_um_s):
        self._need_driven()
        speed = min(speed_um_s, self.params["approach_limit_um_per_s"])
        self._send(states.PRESSING, states.APPROACH, contact_cn, 0, speed * 1000)

    def lock(self):
        self._need_driven()
        self._send(states.HOLDING, states.LOCK)

    def release(self, rate_cn_per_s):
        self.set_force(0, rate_cn_per_s)

    def vent(self):
        """Let the force go through the valve; the press is safe once it is gone."""
        if self.S[_STATE] in states.DRIVEN and self.state in states.DRIVEN:
            self._send(states.RELEASING, states.VENT)
        elif self.state in states.ARMED:
            self._send(states.SAFE, states.OFF)

    def settled(self, band_cn, time_ms):
        """Whether the force has been within the band round the set-point for that long."""
        if abs(self.S[_SET] - self.S[_FORCE_H]) > band_cn or band_cn != self._settled_band or not self.set_point_reached:
            self._settled_band, self._settled_s, self._settled_ms = band_cn, self.time_s, self.time_ms
            return False
        return (self.time_s - self._settled_s) * 1000 + self.time_ms - self._settled_ms >= time_ms

    def set_trigger(self, on):
        if self.S[AT["TRIGGER"]] != (1 if on else 0):
            self.S[AT["TRIGGER"]] = 1 if on else 0
            self.sampler.event(records.EVENT_TRIGGER_OUT, 1 if on else 0)

    def note_step(self, phase, outcome):
        r = self.runner
        self.journal.write(
            records.STEP, self.time_s, self.time_ms, self.run_number, self.step, r.step.count, r.cycle, phase, r.step.goal_cn,
            self.force_cn, self.displacement_nm, r.kind, outcome)  # fmt: skip
