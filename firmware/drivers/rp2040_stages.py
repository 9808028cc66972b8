# ruff: noqa: F821 - the names are filled in when the tick is fused
"""What the tick does with the RP2040's registers, as stages of the fused tick; each works on the one frame.

They exist as text for boards/images/fuse.py, which fills in words, addresses and pins, and as functions for their test. Every
register is read or written once: a Python call would cost more than the whole stage. A register's address is no small integer,
so the bases stand in the fixed words. RP2040 datasheet: 2.3.1.7 SIO (1 GPIO_IN, 5 OUT_SET, 6 OUT_CLR), 3.7 PIO (1 FSTAT, 3
FLEVEL, 4 TXF0, 5 TXF1, 8 RXF0), 4.6.5 timer (10 TIMERAWL).
"""

import micropython


@micropython.viper
def begin(frame):
    """When this tick began, and how many periods went by without one."""
    s = ptr32(frame)
    m = ptr32(_BASE)
    began = ptr32(m[_TIMER])[10]
    gap = began - m[_LAST_US]
    m[_LAST_US] = began
    period = m[_PERIOD_US]
    gap -= period
    while gap > period >> 1:
        s[_MISSED] += 1
        gap -= period


@micropython.viper
def receive(frame):
    """The converter's frame from the FIFO into RAW and STATUS. A line that is dead, all 0 or all 1, gives no sample."""
    s = ptr32(frame)
    p = ptr32(ptr32(_BASE)[_PIO0])
    q = ptr16(_CRC_TABLE)
    i = 0
    if (p[3] >> 4) & 15 > 6:
        # interrupts were off for longer than a period: what is in the FIFO first is old, the rest of a frame waits behind it
        while i < 6:
            w = p[8]
            i += 1
        i = 0
    crc = 0xFFFF
    head = 0
    while i < 6:
        wait = 0
        while p[1] & 0x100 and wait < 200:
            wait += 1
        w = p[8]
        if i == 5:
            break
        crc = (crc << 8) ^ q[((crc >> 8) ^ (w >> 16)) & 255]
        crc = (crc << 8) ^ q[((crc >> 8) ^ (w >> 8)) & 255]
        crc = (crc << 8) ^ q[((crc >> 8) ^ w) & 255]
        if i:
            s[_RAW - 1 + i] = (w << 8) >> 8
        else:
            head = w
        i += 1
    status = 0
    if head and head != 0xFFFFFF:
        head >>= 8
        if head & 15:
            status = _SAMPLE_NEW
        if head & 0x400:
            status |= _SAMPLE_CHIP_RESET
        if (crc ^ (w >> 8)) & 0xFFFF:
            status = _SAMPLE_NEW | _SAMPLE_CRC_BAD
    s[_STATUS] = status


@micropython.viper
def inputs(frame):
    """Switches, as late as can be: after the force is known, before anything is judged. No debounce."""
    s = ptr32(frame)
    m = ptr32(_BASE)
    levels = ptr32(m[_SIO])[1]
    read = m[_EXPANDER] | ((levels >> _PIN_ESTOP_A) & 31)
    if levels & _TRIGGER_MASK:
        read |= _IN_TRIGGER_IN
    s[_INPUTS] = read


@micropython.viper
def outputs(frame):
    """Valves and regulator, before anything is recorded."""
    s = ptr32(frame)
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
    g[6] = on ^ _OUT_MASK  # clear first: two valves are never open together
    g[5] = on
    p = ptr32(m[_PIO0])
    p[5] = s[_CODE] << 8


@micropython.viper
def token(frame):
    """Only a tick that came to its end lets the permissive live for another pulse."""
    s = ptr32(frame)
    m = ptr32(_BASE)
    if s[_VALVE] & _VALVE_PERMISSIVE:
        p = ptr32(m[_PIO1])
        p[4] = 1
    s[_TICK_US] = ptr32(m[_TIMER])[10] - m[_LAST_US]
