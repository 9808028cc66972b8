"""What a press says about itself: state, force, reasons. Reading changes nothing; only `weigh` has the first reason give way."""

from micropython import const

from stackpress_core import switches
from stackpress_core.tick import blackboard, interlock, states

# words (written by layout.py)
_INPUTS = const(5)
_TEMPERATURE = const(6)
_DISPLACEMENT = const(8)
_TICK_WORST = const(10)
_MISSED = const(11)
_T_SECOND = const(12)
_T_SUB = const(13)
_HZ = const(14)
_CELL = const(15)
_RANGE = const(38)
_FORCE_F = const(42)
_IMBALANCE = const(45)
_SPEED = const(47)
_PEAK = const(48)
_SIG_VENT = const(67)
_ACTIVE = const(86)
_LATCHED = const(88)
_WARNED = const(90)
_FIRST = const(94)
_REACTION = const(95)
_TRIP_TICKS = const(96)
_TRIP_SPEED = const(97)
_STATE = const(100)
_MODE = const(101)
_ORDER_SEQ = const(103)
_ORDER_SEEN = const(104)
_ORDER_STATE = const(105)
_SET = const(123)
_REACHED = const(128)
_CODE = const(149)
_VALVE = const(150)
_MOVES = const(153)
_TOKEN = const(156)
_K_HIGH_MASK = const(180)
_K_LOW_MASK = const(181)
_K_KIND = const(204)
_K_TRANSITIONS = const(242)
# end of words

_STALE = blackboard.row_at(interlock.NAMES.index("stale"))  # asked in every look of the panel and in every sample
_BACK_NM_S = const(-20000)  # a ram that goes back faster: well above a scale's noise
_STANDS_NM_S = const(5000)  # a scale that stands shows less, for it shows no noise either; one that counts shows a small force go
_GOING = const(10)  # a part of a force that goes which moves a ram visibly
_LOST_CN = const(30000)  # this much lost lets a ram come on faster than that, on the stiffest stack
_STALE_SIGNAL, _STALE_LIMIT = _STALE + blackboard.ROW_SIGNAL, _STALE + blackboard.ROW_LIMIT


class Readings:
    """Looks at the words `S`; `params` say which cells are used, `pairs` (switches.Pairs) which contact is not believed."""

    def __init__(self, S, params, pairs):
        self.S = S
        self.params = params
        self.pairs = pairs
        self.tare_cn = [0] * blackboard.CELLS  # what the display leaves out

    @property
    def state(self):
        """The press state, or the one that has been asked for and that the next tick will adopt.

        That tick may come between any two of these words: whether it is still to come is asked first, here and below.
        """
        s = self.S
        if s[_ORDER_SEQ] == s[_ORDER_SEEN]:
            return s[_STATE]
        state = s[_STATE]
        return s[_ORDER_STATE] if s[_K_TRANSITIONS + state] >> s[_ORDER_STATE] & 1 else state

    @property
    def state_name(self):
        return states.NAMES[self.state]

    @property
    def order_waits(self):
        """Whether an order has been given that no tick has read yet."""
        return self.S[_ORDER_SEQ] != self.S[_ORDER_SEEN]

    @property
    def at_rest(self):
        """Whether the tick itself is in the safe state, and will be after its next run: the processor may be taken from it."""
        return not self.order_waits and self.S[_STATE] == states.SAFE

    @property
    def de_energised(self):
        """Whether no valve is driven, nor will be after the tick's next run: at rest, or stopped with a vent."""
        s = self.S
        if self.order_waits:
            return False
        vented = s[_STATE] == states.TRIPPED and s[_REACTION] == blackboard.REACT_VENT
        return s[_STATE] == states.SAFE or vented and not s[_VALVE] & blackboard.VALVE_PERMISSIVE

    # -- time and tick

    @property
    def hz(self):
        return self.S[_HZ]

    @property
    def time_s(self):
        return self.S[_T_SECOND]

    @property
    def time_ms(self):
        return self.S[_T_SUB] * 1000 // self.S[_HZ] % 1000

    @property
    def ticks(self):
        return self.S[_TOKEN]

    @property
    def missed_ticks(self):
        return self.S[_MISSED]

    @property
    def tick_us_max(self):
        return self.S[_TICK_WORST]

    # -- force, travel, temperature

    @property
    def filtered_cn(self):
        """The force through the force filter: what the press decides by."""
        return self.S[_FORCE_F]

    @property
    def shown_cn(self):
        """The force with the display's tare taken off."""
        s, force_cn = self.S, self.S[_FORCE_F]
        mask = s[_K_LOW_MASK if s[_RANGE] else _K_HIGH_MASK]
        for tare_cn in self.tare_cn:
            if mask & 1:
                force_cn -= tare_cn
            mask >>= 1
        return force_cn

    @property
    def set_cn(self):
        return self.S[_SET]

    @property
    def set_point_reached(self):
        s = self.S
        return s[_ORDER_SEQ] == s[_ORDER_SEEN] and s[_MODE] == states.FORCE and s[_REACHED] > 0

    def cell_force_cn(self, i):
        return self.S[_CELL + i]

    def uses_cell(self, i):
        return bool((self.params["high_range_mask"] | self.params["low_range_mask"]) >> i & 1)

    @property
    def imbalance_permille(self):
        return self.S[_IMBALANCE]

    @property
    def pressed(self):
        """Whether there is force on the cell."""
        return abs(self.S[_FORCE_F]) > self.params["contact_force_cn"]

    @property
    def displacement_nm(self):
        return self.S[_DISPLACEMENT]

    def temperature_cc(self, i):
        return self.S[_TEMPERATURE + i]

    # -- inputs and outputs

    @property
    def inputs(self):
        return self.S[_INPUTS]

    @property
    def valve_bits(self):
        return self.S[_VALVE]

    @property
    def valve_code(self):
        """0..65535: the regulator's set-point, or how far the solenoids are open."""
        s = self.S
        if s[_K_KIND] == blackboard.KIND_FILL_VENT:
            return 65535 if s[_VALVE] & blackboard.VALVE_FILL else 0
        return s[_CODE]

    @property
    def moves(self):
        return self.S[_MOVES]

    # -- why it stopped, what warns

    @property
    def stale(self):
        s = self.S
        return s[s[_STALE_SIGNAL]] > s[_STALE_LIMIT]

    @property
    def warning_bits(self):
        return blackboard.row_bits(self.S, _WARNED)

    def warnings(self):
        return interlock.names_of(self.warning_bits)

    @property
    def active_bits(self):
        return blackboard.row_bits(self.S, _ACTIVE)

    def active_reasons(self):
        return interlock.names_of(self.active_bits)

    @property
    def reaction(self):
        return self.S[_REACTION]

    @property
    def trip_reason(self):
        first = self.S[_FIRST]
        return interlock.NAMES[first] if first >= 0 else ""

    def weigh(self):
        """A force that was told before its cause gives way to that: the row that is told first, which changes within WEIGHED_MS."""
        s = self.S
        first = s[_FIRST]
        name = interlock.NAMES[first] if first >= 0 else ""
        cause = self._cause(name) if name in interlock.SYMPTOMS else ""
        if cause:
            s[_FIRST] = first = interlock.NAMES.index(cause)
            s[_REACTION] = max(s[_REACTION], s[blackboard.row_at(first) + blackboard.ROW_REACTION])
        return first

    def _cause(self, name):
        """What explains the force that was told first, or ""; what the ram has to say of it takes all of the time."""
        s = self.S
        for cause in interlock.CAUSES:
            if self.row_exceeds(cause):
                return cause
        over = s[_TRIP_TICKS] * 1000 >= interlock.WEIGHED_MS * s[_HZ]
        if name == "runaway" and over and s[_SIG_VENT] > s[_TRIP_TICKS] and not self.row_exceeds(name):
            return "not_vented"  # it came while the dump was open, and goes as the valve lets it: the dump had shut
        if s[_TRIP_SPEED] == blackboard.ABSENT:
            return ""
        if name == "force_drop" and s[_TRIP_SPEED] < _BACK_NM_S:
            return "no_response"  # a specimen that breaks lets the ram come on; this one went back
        s[_TRIP_SPEED] = max(s[_TRIP_SPEED], s[_SPEED] if name == "force_drop" else abs(s[_SPEED]))
        if over and s[_TRIP_SPEED] < -_BACK_NM_S:
            peak_cn, force_cn = s[_PEAK] >> 4, s[_FORCE_F]
            if name == "force_drop" and peak_cn - force_cn > _LOST_CN:
                return "drive_mismatch"  # in all that time the ram has not come on: only the cells have lost it
            if name == "runaway" and s[_TRIP_SPEED] < _STANDS_NM_S and (peak_cn - force_cn) * _GOING > peak_cn:
                return "sensor"  # the force came and goes, and the ram has done neither: its scale stands
        return ""

    def later_reasons(self):
        """What has joined the trip since it was there, first fault left out."""
        return [name for name in interlock.names_of(blackboard.row_bits(self.S, _LATCHED)) if name != self.trip_reason]

    @property
    def trip_hint(self):
        first, stuck = self.S[_FIRST], self.pairs.stuck
        if stuck and self.trip_reason in switches.ROWS_OF[stuck]:
            told = switches.told(stuck)
            return told[0].upper() + told[1:] + "."
        return interlock.ROWS[first][interlock.HINT] if first >= 0 else ""

    def still_there(self):
        """Names of what stopped the press and is there now: an acknowledgement would be refused."""
        return [name for name in interlock.names_of(blackboard.row_bits(self.S, _LATCHED)) if self._lasts(name)]

    def _lasts(self, name):
        """Whether the condition of a latched row is there now and has to go before it can be acknowledged."""
        return interlock.row_of(name)[interlock.ENDS] == interlock.GONE and self.row_exceeds(name)

    def row_exceeds(self, name):
        """Whether the signal of this interlock row stands above its limit now, whatever the state."""
        row = blackboard.row_at(interlock.NAMES.index(name))
        return self.S[self.S[row + blackboard.ROW_SIGNAL]] > self.S[row + blackboard.ROW_LIMIT]
