# ruff: noqa: F821 - the names are filled in when the tick is compiled
"""The converter's frame from the FIFO of the PIO, inside the tick. RP2040 datasheet 3.7: 0 CTRL, 1 FSTAT,
3 FLEVEL, 8 RXF0, 12 IRQ, 51 SM0_EXECCTRL, 54 SM0_INSTR."""

import micropython


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
    away. So words that were left behind, or lost, cost a sample or two and never shift all that come after."""
    s = ptr32(blackboard)
    m = ptr32(_BASE)
    if s[_TICK_US] >= m[_PERIOD_US] or s[_STATUS] & _SAMPLE_CRC_BAD:
        p = ptr32(m[_PIO0])
        p[54] = ((p[51] >> 7) & 31) | 0x1000  # jmp to where it wraps to, side 2
        p[0] |= 0x10  # SM_RESTART: it has shifted nothing in
        i = 0
        while i < 8:
            w = p[8]  # noqa: F841 - read and dropped
            i += 1
