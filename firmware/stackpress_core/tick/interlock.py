"""Why the ram may not move: one row for each reason, and the one function that judges them all in every tick.

Each row watches one word of the frame; larger is worse. The word must exceed its limit for longer than the debounce, in one of
the row's states. Reactions order by severity, and a press that has stopped only ever escalates. The reason that came first is
kept until it is acknowledged. A monitored manual press has no valve to react with, so there every reaction is a warning.
"""

import micropython
from micropython import const

from stackpress_core.tick import states

NONE, WARN, HOLD, RAMP, VENT = range(5)
REACTION_NAMES = ("none", "warn", "hold", "ramp", "vent")

ALWAYS = states.mask(range(8)) & ~states.mask((states.SERVICE,))
ARMED = states.mask((states.READY, states.PRESSING, states.HOLDING, states.RELEASING, states.TRIPPED, states.MONITOR))
DRIVEN = states.mask((states.PRESSING, states.HOLDING, states.RELEASING))
MOVING = states.mask((states.PRESSING, states.RELEASING))
STILL = states.mask((states.HOLDING,))
WATCHED = DRIVEN | states.mask((states.READY, states.MONITOR))

# How a row clears after it stopped the press: "ack" by an acknowledgement once the condition is gone. A channel of a switch that
# opened alone asks for more (switches.py).
# Limits: a whole number, "param" (its raw value, a time as ticks) or ("ceiling", key). Debounce: ms as a number or a parameter.

# name, signal, limit, debounce, reaction or its parameter, states, clears by, hint
ROWS = (
    ("estop", "SIG_ESTOP", 0, 0, VENT, ALWAYS, "ack",
     "The emergency stop is pressed or its wire is broken: make the area safe, release the button, acknowledge."),
    ("guard", "SIG_GUARD", 0, 0, VENT, WATCHED, "ack",
     "The guard was opened while the press was armed: close it and acknowledge."),
    ("discrepancy", "SIG_DISCREPANCY", "discrepancy_ms", 0, VENT, ALWAYS, "ack",
     "Two channels of the emergency stop or guard disagree: a contact is welded or a wire is broken."),
    ("overpressure", "SIG_PRESSURE", 0, 0, VENT, ARMED, "ack",
     "The over-pressure switch has opened: check the supply and the relief valve before going on."),
    ("ceiling_total", "HIGH", ("ceiling", "frame"), 0, VENT, ALWAYS, "ack",
     "The total force passed the frame's rating: inspect the frame before going on."),
    ("ceiling_cell", "SIG_CELL_CEILING", 0, 0, VENT, ALWAYS, "ack",
     "A load cell passed its rated capacity: check its zero and calibration before going on."),
    ("limit_total", "HIGH", "force_limit_n", "limit_debounce_ms", VENT, WATCHED, "ack",
     "The total force passed the working limit: lower the program's force or raise the limit with reason."),
    ("limit_cell", "SIG_CELL", "cell_limit_n", "limit_debounce_ms", VENT, WATCHED, "ack",
     "One load cell passed its working limit: centre the specimen."),
    ("stale", "SIG_STALE", "stale_ms", 0, VENT, WATCHED, "ack",
     "No believable sample arrived in time: check the converter's cable and supply."),
    ("rail", "SIG_RAIL", 0, 1, VENT, WATCHED, "ack",
     "A load cell's signal is at the converter's rail: an open bridge, a broken wire or an overload."),
    ("frozen", "SIG_FROZEN", "frozen_samples", 0, VENT, WATCHED, "ack",
     "A load cell repeats one code: the converter or its cable has died."),
    ("crc", "SIG_CRC", "crc_samples", 0, VENT, WATCHED, "ack",
     "Samples arrive with a wrong checksum: look for noise on the converter's lines."),
    ("chip_reset", "SIG_RESET", 0, 0, VENT, WATCHED, "ack",
     "The converter restarted by itself: its supply dipped; its settings were lost."),
    ("imbalance", "SIG_IMBALANCE", "imbalance_permille", "imbalance_ms", "imbalance_reaction", WATCHED, "ack",
     "The load cells do not share the force evenly, or the two ranges disagree: centre the specimen, take the zero again."),
    ("runaway", "SIG_RUNAWAY", "runaway_n", "runaway_ms", VENT, WATCHED & ~states.mask((states.MONITOR,)), "ack",
     "There is force that nobody asked for: a valve is stuck open or the regulator has failed."),
    ("no_response", "SIG_RESPONSE", "no_response_n", "no_response_ms", VENT, DRIVEN, "ack",
     "The force does not follow: no supply pressure, a stuck valve, or a leak."),
    ("no_contact", "SIG_CONTACT", "no_contact_ms", 0, VENT, DRIVEN, "ack",
     "The drive is at its approach limit and nothing is touched: the die is empty, or the ram is stuck."),
    ("force_drop", "SIG_DROP", 0, 0, "force_drop_reaction", DRIVEN, "ack",
     "The force dropped at once: the specimen has cracked or the stack has shifted. It is not chased."),
    ("travel", "SIG_TRAVEL", 0, 2, VENT, DRIVEN, "ack",
     "The ram reached its travel limit: the die is empty or the stack is too low."),
    ("ramp_deviation", "SIG_RAMP", 0, "ramp_deviation_ms", "ramp_deviation_reaction", MOVING, "ack",
     "The force does not follow the ramp: lower the rate, check supply pressure and tuning."),
    ("hold_band", "SIG_HOLD", 0, "hold_band_s", "hold_band_reaction", STILL, "ack",
     "The held force left its band: the specimen moves faster than the press can follow, or something leaks."),
    ("duty", "SIG_DUTY", "duty_moves_per_min", 0, "duty_reaction", STILL, "ack",
     "The valve moves too often in a hold: look for a leak."),
    ("temperature", "SIG_HOT", "temperature_limit_c", 200, "temperature_reaction", WATCHED, "ack",
     "A platen is too hot: check the heater and the program's conditions."),
    ("overrun", "SIG_OVERRUN", "overrun_ticks", 0, VENT, WATCHED, "ack",
     "The force loop does not keep its rate: lower tick_rate_hz or report a fault."),
    ("supply", "SIG_SUPPLY", 0, 5, VENT, WATCHED, "ack",
     "The supply is low, or the panel that watches it does not answer: check the power supply and the panel's cable."),
    ("config", "SIG_CONFIG", 0, 0, VENT, DRIVEN, "ack",
     "Configuration, calibration or ceilings are missing or damaged: push them again."),
    ("storage", "SIG_STORAGE", 0, 0, "storage_reaction", WATCHED, "ack",
     "The journal can't be written: records may be lost from now on."),
    ("log_full", "SIG_LOG", 0, 0, "log_full_reaction", WATCHED, "ack",
     "Records that nobody had pulled were overwritten: pull the log."),
    ("host_lease", "SIG_LEASE", 0, 0, HOLD, DRIVEN, "ack",
     "The host has gone, and the program asks for a stop when it does."),
    ("foreground", "SIG_FOREGROUND", "foreground_ms", 0, VENT, DRIVEN, "ack",
     "The program that steers the press has hung: restart the press and report a fault."),
)

NAMES = tuple(row[0] for row in ROWS)


def reaction_of(row, params):
    """The reaction of a row: its own, or what its parameter says."""
    own = row[4]
    return own if isinstance(own, int) else params[own] + WARN


def names_of(bits):
    """Names of the rows in a word of row bits."""
    return [name for i, name in enumerate(NAMES) if bits >> i & 1]


# words (written by layout.py)
_MODE_APPROACH = const(1)
_STATE_READY = const(1)
_MODE_FORCE = const(2)
_REACT_HOLD = const(2)
_STATE_PRESSING = const(2)
_MODE_LOCK = const(3)
_MODE_VENT = const(4)
_REACT_VENT = const(4)
_STATE_RELEASING = const(4)
_INPUTS = const(5)
_STATE_TRIPPED = const(5)
_ROW_WORDS = const(6)
_TEMPERATURE = const(6)
_STATE_MONITOR = const(7)
_TICK_US = const(9)
_TICK_WORST = const(10)
_IN_PRESSURE_OK = const(16)
_IN_SUPPLY_OK = const(32)
_FORCE_F = const(42)
_SIG_ESTOP = const(49)
_SIG_GUARD = const(50)
_SIG_DISCREPANCY = const(51)
_SIG_PRESSURE = const(52)
_SIG_SUPPLY = const(53)
_SIG_TRAVEL = const(54)
_SIG_RUNAWAY = const(63)
_SIG_RESPONSE = const(64)
_SIG_CONTACT = const(65)
_SIG_DROP = const(66)
_SIG_RAMP = const(67)
_SIG_HOLD = const(68)
_SIG_HOT = const(70)
_SIG_OVERRUN = const(71)
_SIG_FOREGROUND = const(76)
_ACTIVE = const(78)
_LATCHED = const(79)
_WARNED = const(80)
_FIRST = const(81)
_REACTION = const(82)
_TRIP_TICKS = const(83)
_STATE = const(84)
_MODE = const(85)
_TARGET = const(95)
_RAMP_ALLOWED = const(96)
_RAMP_FROM = const(97)
_SET = const(101)
_CONTACT_TICKS = const(118)
_K_RAMP_DEV = const(171)
_K_RAMP_MIN = const(172)
_K_HOLD_DEV = const(173)
_K_HOLD_MIN = const(174)
_K_BUDGET = const(175)
_ROW = const(221)
_ROW_COUNT = const(401)
_IN_TRAVEL_OK = const(2048)
# end of words


@micropython.viper
def judge(frame):
    """Turn switches into signals, then hold every row against its limit; stop the press if one demands it."""
    s = ptr32(frame)
    inputs = s[_INPUTS]
    estop_a = inputs & 1
    estop_b = (inputs >> 1) & 1
    guard_a = (inputs >> 2) & 1
    guard_b = (inputs >> 3) & 1
    s[_SIG_ESTOP] = 2 - estop_a - estop_b
    s[_SIG_GUARD] = 2 - guard_a - guard_b
    if estop_a == estop_b and guard_a == guard_b:
        s[_SIG_DISCREPANCY] = 0
    elif s[_SIG_DISCREPANCY] < 0x1FFFFFFF:
        s[_SIG_DISCREPANCY] += 1
    s[_SIG_PRESSURE] = 0 if inputs & _IN_PRESSURE_OK else 1
    s[_SIG_SUPPLY] = 0 if inputs & _IN_SUPPLY_OK else 1
    s[_SIG_TRAVEL] = 0 if inputs & _IN_TRAVEL_OK else 1
    hot = s[_TEMPERATURE]
    if s[_TEMPERATURE + 1] > hot:
        hot = s[_TEMPERATURE + 1]
    s[_SIG_HOT] = hot
    if s[_TICK_US] > s[_TICK_WORST]:
        s[_TICK_WORST] = s[_TICK_US]
    if s[_TICK_US] <= s[_K_BUDGET]:
        s[_SIG_OVERRUN] = 0
    elif s[_SIG_OVERRUN] < 0x1FFFFFFF:
        s[_SIG_OVERRUN] += 1
    if s[_SIG_FOREGROUND] < 0x1FFFFFFF:
        s[_SIG_FOREGROUND] += 1
    # what the force says about the set-point of the tick before
    mode = s[_MODE]
    force = s[_FORCE_F]
    s[_SIG_RUNAWAY] = force - s[_SET]
    s[_SIG_RESPONSE] = 0
    s[_SIG_RAMP] = -1
    s[_SIG_HOLD] = -1
    if mode != _MODE_FORCE:
        s[_SIG_CONTACT] = s[_CONTACT_TICKS]
        if mode != _MODE_LOCK:
            s[_SIG_DROP] = -1
        if mode == _MODE_APPROACH:
            s[_SIG_RUNAWAY] = force - s[_TARGET]
        elif mode == _MODE_VENT:
            s[_SIG_RUNAWAY] = 0
    else:
        s[_SIG_CONTACT] = 0
        gap = s[_SET] - force
        s[_SIG_RESPONSE] = gap
        if gap < 0:
            gap = 0 - gap
        span = s[_TARGET]
        if s[_RAMP_FROM] > span:
            span = s[_RAMP_FROM]
        allowed = (span >> 10) * s[_K_RAMP_DEV]
        if allowed < s[_K_RAMP_MIN]:
            allowed = s[_K_RAMP_MIN]
        s[_RAMP_ALLOWED] = allowed
        s[_SIG_RAMP] = gap - allowed
        allowed = (s[_SET] >> 10) * s[_K_HOLD_DEV]
        if allowed < s[_K_HOLD_MIN]:
            allowed = s[_K_HOLD_MIN]
        s[_SIG_HOLD] = gap - allowed
    # the table
    state = s[_STATE]
    here = 1 << state
    if state == _STATE_TRIPPED and s[_REACTION] < _REACT_VENT:
        # stopped but still under force: what watches an armed press goes on watching
        here |= 1 << _STATE_READY
    # first, in few instructions for each row, what is over its limit; then, for those rows alone, for how long
    over = 0
    row = _ROW
    end = _ROW + s[_ROW_COUNT] * _ROW_WORDS
    k = 0
    while row < end:
        if s[s[row]] > s[row + 1] and s[row + 2] & here:
            over |= 1 << k
        else:
            s[row + 4] = 0
        row += _ROW_WORDS
        k += 1
    active = 0
    warned = 0
    latching = 0
    worst = 0
    first = -1
    at = _ROW
    n = 0
    while over:
        if over & 1:
            if s[at + 4] >= s[at + 3]:
                bit = 1 << n
                active |= bit
                reaction = s[at + 5]
                if reaction >= _REACT_HOLD:
                    latching |= bit
                    if reaction > worst:
                        worst = reaction
                        first = n
                elif reaction:
                    warned |= bit
            else:
                s[at + 4] += 1
        over >>= 1
        at += _ROW_WORDS
        n += 1
    if state == _STATE_MONITOR:
        warned |= latching
        latching = 0
        worst = 0
    s[_ACTIVE] = active
    s[_WARNED] |= warned
    if worst:
        s[_LATCHED] |= latching
        if state != _STATE_TRIPPED:
            if state < _STATE_PRESSING or state > _STATE_RELEASING:
                worst = _REACT_VENT  # nothing was driven, so there is nothing to hold
            s[_STATE] = _STATE_TRIPPED
            s[_FIRST] = first
            s[_REACTION] = worst
            s[_TRIP_TICKS] = 0
        elif worst > s[_REACTION]:
            s[_REACTION] = worst
