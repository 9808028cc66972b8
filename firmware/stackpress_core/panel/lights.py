"""Tower light and buzzer: what the press is doing, from across the room. One row a situation, the first that holds counts.

Colours mean what IEC 60073 and IEC 60204-1 10.3 say: red, a dangerous state or an emergency, act at once; amber, abnormal, watch or
step in; green, normal. Flashing asks for attention or tells of a change that is under way. No light ever says that it is safe to
reach in: that is the guard's and the relay's business. Dark means no power, so even a press at rest winks.
"""

from stackpress_core.tick import states

RED, AMBER, GREEN, BUZZER = 1, 2, 4, 8
SLOT_MS = 125
SLOTS = 16  # a pattern is sixteen slots, two seconds; the lowest bit is the first

OFF, ON = 0x0000, 0xFFFF
WINK = 0x0001  # on for a moment
BLINK_OFF = 0x7FFF  # off for a moment
SLOW = 0x00FF
FLASH = 0x0F0F  # 1 Hz
QUICK = 0x3333  # 2 Hz
BEEPS = 0x0505  # two a second
CHIRP = 0x0001
ALARM_MS = 10000  # after this the alarm is a chirp now and then
REFUSED_MS = 1000
REFUSED_BEEPS = 0x0015


def _trip_with_force(p):
    return p.readings.state == states.TRIPPED and p.readings.pressed


def _in(*wanted):
    return lambda p: p.readings.state in wanted


# what it is called, when it holds, red, amber, green, buzzer
LIGHTS = (
    ("stopped, the cell still pressed", _trip_with_force, QUICK, OFF, OFF, BEEPS),
    ("stopped and vented, not acknowledged", _in(states.TRIPPED), ON, OFF, OFF, BEEPS),
    ("service", _in(states.SERVICE), OFF, FLASH, OFF, OFF),
    ("waits for a trigger, or paused", lambda p: p.waits, OFF, FLASH, ON, OFF),
    ("force is changing", _in(states.PRESSING, states.RELEASING), OFF, OFF, FLASH, OFF),
    ("force is held", _in(states.HOLDING), OFF, OFF, BLINK_OFF, OFF),
    ("manual press is watched", _in(states.MONITOR), OFF, OFF, BLINK_OFF, OFF),
    ("armed", _in(states.READY), OFF, OFF, ON, OFF),
    ("at rest, a program has come to its end", lambda p: p.title == "done", OFF, OFF, SLOW, OFF),
    ("at rest, something to be read", lambda p: p.noticed, OFF, FLASH, OFF, OFF),
    ("at rest, can't be armed", lambda p: p.blocked, OFF, ON, OFF, OFF),
    ("at rest", _in(states.SAFE), OFF, OFF, WINK, OFF),
)


def situation(panel):
    """Number of the row that holds."""
    for i in range(len(LIGHTS)):
        if LIGHTS[i][1](panel):
            return i
    return len(LIGHTS) - 1


def lamps(panel, now):
    """RED, AMBER, GREEN and BUZZER bits for this moment; `now` / ms."""
    row = LIGHTS[situation(panel)]
    slot = now // SLOT_MS % SLOTS
    buzzer = row[5]
    if buzzer:
        if panel.silenced:
            buzzer = OFF
        elif panel.alarm_ms(now) > ALARM_MS:
            buzzer = CHIRP
    amber = row[3] | (ON if panel.readings.warning_bits else OFF)
    if panel.refused_ms(now) < REFUSED_MS:
        slot_there = panel.refused_ms(now) // SLOT_MS
        buzzer |= (REFUSED_BEEPS >> slot_there & 1) << slot
    bits = RED if row[2] >> slot & 1 else 0
    bits |= AMBER if amber >> slot & 1 else 0
    bits |= GREEN if row[4] >> slot & 1 else 0
    return bits | (BUZZER if buzzer >> slot & 1 else 0)
