# ruff: noqa: F821 - the names are filled in when the tick is compiled
"""What every board's tick does with the chip's registers, as stages; each works on the one blackboard.

They exist as text for boards/images/tick.py, which fills in words, addresses and pins. Every register is read or written once: a
Python call would cost more than the whole stage. A register's address is no small integer, so the bases stand in the fixed words;
what differs between the chips is in boards/chips.toml. The same on both: PIO (4 TXF0), timer (10 TIMERAWL).
Converter, actuator, scale and deadman bring stages of their own: *_stages.py.
"""

import micropython


@micropython.viper
def begin(blackboard):
    """When this tick began, how many periods went by without one; the flag that called for it is cleared (PIO 12 IRQ, by 1)."""
    s = ptr32(blackboard)
    m = ptr32(_BASE)
    began = ptr32(m[_TIMER])[10]
    p = ptr32(m[_PIO0])
    p[12] = 1
    gap = began - m[_LAST_US]
    m[_LAST_US] = began
    period = m[_PERIOD_US]
    gap -= period
    while gap > period >> 1:
        s[_MISSED] += 1
        gap -= period


@micropython.viper
def inputs(blackboard):
    """Switches, as late as can be: after the force is known, before anything is judged. No debounce."""
    s = ptr32(blackboard)
    m = ptr32(_BASE)
    levels = ptr32(m[_SIO])[_GPIO_IN]
    read = m[_EXPANDER] | ((levels >> _PIN_ESTOP_A) & _SWITCH_MASK) | _ALWAYS_OK
    if levels & _TRIGGER_MASK:
        read |= _IN_TRIGGER_IN
    s[_INPUTS] = read


@micropython.viper
def buttons(blackboard):
    """Buttons at pins: the stop button's contact is closed until it is pressed, so a broken wire stops."""
    s = ptr32(blackboard)
    s[_INPUTS] ^= _IN_STOP


@micropython.viper
def outputs(blackboard):
    """Valves, before anything is recorded."""
    s = ptr32(blackboard)
    valve = s[_VALVE]
    on = 0
    if valve & _VALVE_DUMP_CLOSED:
        on = _DUMP_MASK
    if valve & _VALVE_FILL:
        on |= _FILL_MASK
    if valve & _VALVE_VENT:
        on |= _VENT_MASK
    if valve & _VALVE_TRIGGER_OUT:
        on |= _TRIGGER_OUT_MASK
    m = ptr32(_BASE)
    g = ptr32(m[_SIO])
    g[_GPIO_OUT_CLR] = on ^ _OUT_MASK  # clear first: two valves are never open together
    g[_GPIO_OUT_SET] = on


@micropython.viper
def end(blackboard):
    s = ptr32(blackboard)
    m = ptr32(_BASE)
    s[_TICK_US] = ptr32(m[_TIMER])[10] - m[_LAST_US]


@micropython.viper
def breathe(blackboard):
    """A tick that reached into the next period does not take that one too: ticks that are all too long would leave nothing of
    the processor to the foreground, which has to say so. What asked for the next is forgotten (ARMv6-M B3.4.6: 160 ICPR)."""
    s = ptr32(blackboard)
    m = ptr32(_BASE)
    if s[_TICK_US] >= m[_PERIOD_US]:
        p = ptr32(m[_PIO0])
        p[12] = 15
        p = ptr32(m[_NVIC])
        p[160] = _IRQ_MASK
