# ruff: noqa: F821 - the names are filled in when the tick is compiled
"""The converter's frame from the FIFO of the PIO, inside the tick. RP2040 datasheet 3.7: 0 CTRL, 1 FSTAT,
3 FLEVEL, 8 RXF0, 12 IRQ, 51 SM0_EXECCTRL, 53 SM0_ADDR, 54 SM0_INSTR."""

import micropython
from micropython import const

# of frame_program
_WAITING = const(3)  # up to here data-ready is still low from before
_FRAME = const(9)  # a frame without an interrupt


@micropython.viper
def receive(blackboard):
    """The converter's frame from the FIFO into RAW and STATUS. A line that is dead, all 0 or all 1, gives no sample; nor does a
    frame that data-ready did not ask for: it comes late, and whoever counted on it would have the time wrong."""
    s = ptr32(blackboard)
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
        if head & 15 and not p[12] & 2:
            status = _SAMPLE_NEW
        if head & 0x400:
            status |= _SAMPLE_CHIP_RESET
        if (crc ^ (w >> 8)) & 0xFFFF:
            status = _SAMPLE_NEW | _SAMPLE_CRC_BAD
    p[12] = 2
    s[_STATUS] = status


@micropython.viper
def resync(blackboard):
    """After a tick that reached into the next period, or a frame that was none: the state machine, which may be waiting in the
    middle of a frame for room, gives that frame up (select goes high) and waits for the next sample; what came of it is thrown
    away. So words that were left behind, or lost, cost a sample or two and never shift all that come after.

    The converter keeps two samples, and whoever has not read for a while gets the older one, and a conversion late for good (TI
    SBAS890 8.5.1.9.1). It tells so by data-ready, which stays low behind a frame: then that one is read and dropped."""
    s = ptr32(blackboard)
    m = ptr32(_BASE)
    p = ptr32(m[_PIO0])
    begin = (p[51] >> 7) & 31  # where it wraps to
    if s[_TICK_US] >= m[_PERIOD_US] or s[_STATUS] & _SAMPLE_CRC_BAD:
        p[54] = begin | 0x1000  # jmp there, side 2
        p[0] |= 0x10  # SM_RESTART: it has shifted nothing in
        i = 0
        while i < 8:
            w = p[8]  # noqa: F841 - read and dropped
            i += 1
        return
    i = (p[53] & 31) - begin
    if i > 0 and i < _WAITING and s[_STATUS] == _SAMPLE_NEW:
        p[54] = begin + _FRAME  # jmp there, side 0: selected as long before the first clock as ever
        i = 0
        while i < 6:
            wait = 0
            while p[1] & 0x100 and wait < 200:
                wait += 1
            w = p[8]  # noqa: F841 - as above
            i += 1
