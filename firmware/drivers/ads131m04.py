# ruff: noqa: F821 - the instructions of a PIO program
"""ADS131M04: four 24-bit load cell channels, sampled together, with a CRC in every frame.

A PIO state machine is the SPI master and starts the tick: it waits for data-ready, or for 1.25 periods, raises the interrupt and
clocks the frame in while the handler is being entered. Datasheet (TI SBAS890) sections: 8.5.1.1 frames of six 24-bit words
(status, four channels, CRC), 8.5.1.8 CRC-CCITT over the words before it, 8.5.1.10 commands, 8.6 registers; mode CPOL 0, CPHA 1.
"""

import machine
import rp2
from micropython import const

_NULL, _RESET, _UNLOCK, _LOCK = const(0), const(0x0011), const(0x0655), const(0x0555)
_WREG, _RREG = const(0x6000), const(0xA000)
_ID, _MODE, _CLOCK, _GAIN = const(0), const(2), const(3), const(4)
_RESET_DONE, _FOUR_CHANNELS = const(0xFF24), const(0x24)  # answer to RESET (8.5.1.10.2); upper byte of ID (8.6)
CLOCK_HZ = 8192000
RATIOS = (128, 256, 512, 1024, 2048, 4096, 8192, 16256)  # CLOCK.OSR, of half the clock
# 24-bit words, CCITT, frame time-out, data-ready when every channel is; RESET (bit 10) is cleared by writing 0
MODE_WORD = 0x0110
GAIN_WORD = 0x7777  # 128 in every channel
PIO_HZ = 125000000  # at most: 48 ns a bit (6.6: 40 at least, 20 of them high); DOUT takes up to 20 ns and is read four cycles later
_SYNC_BYPASS = const(0x50200038)  # RP2040 datasheet 3.7, the same on RP2350: without it the data is read two cycles later
_LOOP_CYCLES = const(9)  # a turn of the waiting loops


@rp2.asm_pio(sideset_init=(rp2.PIO.OUT_LOW, rp2.PIO.OUT_HIGH), in_shiftdir=rp2.PIO.SHIFT_LEFT, autopush=True,
             push_thresh=24, fifo_join=rp2.PIO.JOIN_RX)
def frame_program():
    """side: clock 1, select 2. OSR holds how many turns 1.25 periods are. Flag 1 says that data-ready did not ask for the frame."""
    wrap_target()
    mov(x, osr).side(2)
    label("unread")  # data-ready is still low from the frame before
    jmp(pin, "waiting").side(2)
    jmp(x_dec, "unread").side(2)[7]
    jmp("unasked").side(2)
    label("still")
    jmp(x_dec, "waiting").side(2)[7]
    label("unasked")
    irq(rel(1)).side(2)
    jmp("frame").side(2)
    label("waiting")
    jmp(pin, "still").side(2)
    label("frame")
    irq(rel(0)).side(0)
    set(y, 5).side(0)
    label("word")
    set(x, 23).side(0)
    label("bit")
    nop().side(1)[2]  # the converter shifts out on the rising edge
    nop().side(0)
    in_(pins, 1).side(0)
    jmp(x_dec, "bit").side(0)
    jmp(y_dec, "word").side(0)
    wrap()


def crc_table(memory):
    """CRC-CCITT, 0x1021, a byte at a time: 256 halfwords."""
    for n in range(256):
        crc = n << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        memory[2 * n], memory[2 * n + 1] = crc & 255, crc >> 8


def rates(clock_hz=CLOCK_HZ):
    """Whole data rates that this oscillator gives, slowest first (8.3.3: the modulator runs at half the clock)."""
    return tuple([clock_hz // 2 // ratio for ratio in reversed(RATIOS) if not clock_hz // 2 % ratio])


def ratio_code(hz, clock_hz=CLOCK_HZ):
    """CLOCK.OSR for one of `rates`; for any other rate that of the slowest which is no slower."""
    for code in range(len(RATIOS) - 1, -1, -1):
        if clock_hz // 2 // RATIOS[code] >= hz:
            return code
    return 0


def clock_word(code):
    """CLOCK: four channels on, high resolution."""
    return 0x0F02 | code << 2


class Converter:
    """Set up over the pins by software, then given to the state machine for good."""

    forgets = True  # its setting, when its supply fails

    def __init__(self, clock, select, data, data_ready, din, clock_hz=CLOCK_HZ, machine_id=0):
        self.clock_hz, self.rates = clock_hz, rates(clock_hz)
        Pin = machine.Pin
        self._clock, self._select = Pin(clock, Pin.OUT, value=0), Pin(select, Pin.OUT, value=1)
        self._din, self._data = Pin(din, Pin.OUT, value=0), Pin(data, Pin.IN, Pin.PULL_DOWN)
        self._ready = Pin(data_ready, Pin.IN, Pin.PULL_UP)
        self._data_bit = 1 << data
        self._id = machine_id
        self._sm = None
        self.present = False

    def set_up(self, hz):
        """Gain 128, rate for `hz`; False if no converter answers, or another one. The state machine must not be running.

        A locked one knows no RESET, so it is unlocked first. RESET is acknowledged, and ID tells the number of channels.
        Each register is read back. One that took something else (a bit turned over on the way: a gain that is wrong by powers of
        two) leaves the converter reset, which it says in every frame: nothing of it is believed, and it is set up again.
        """
        wanted = ((_MODE, MODE_WORD), (_CLOCK, clock_word(ratio_code(hz, self.clock_hz))), (_GAIN, GAIN_WORD))
        spi = machine.SoftSPI(baudrate=2000000, polarity=0, phase=1, sck=self._clock, mosi=self._din, miso=self._data)
        self._command(spi, _UNLOCK)
        self._command(spi, _RESET)
        self.present = self._command(spi, _RREG | _ID << 7) == _RESET_DONE
        if self._command(spi, _NULL) >> 8 != _FOUR_CHANNELS:
            self.present = False
        for register, value in wanted:
            self._command(spi, _WREG | register << 7, value)
        # locked, so that nothing on the shared data line can change a register (8.5.1.10.5)
        self._command(spi, _LOCK)
        for register, value in wanted:
            self._command(spi, _RREG | register << 7)
            if self._command(spi, _NULL) != value:
                self.present = False
        if not self.present:
            self._command(spi, _UNLOCK)
            self._command(spi, _RESET)
        self._command(spi, _NULL)  # takes the answer to that away: the next word is the status
        return self.present

    def _command(self, spi, word, value=0):
        """One frame: command, argument, four empty words. The first word that comes back answers the frame before."""
        out, back = bytearray(18), bytearray(18)
        out[0], out[1], out[3], out[4] = word >> 8, word & 255, value >> 8, value & 255
        self._select(0)
        spi.write_readinto(out, back)
        self._select(1)
        return back[0] << 8 | back[1]

    def prepare(self, hz, handler):
        """The state machine with its wait for 1.25 periods; `start` lets it run."""
        machine.mem32[_SYNC_BYPASS] |= self._data_bit
        clock = machine.freq()
        pio = clock // -(-clock // PIO_HZ)  # a whole divider: every cycle as long as the other (RP2350: 150 MHz by 2)
        sm = self._sm = rp2.StateMachine(self._id, frame_program, freq=pio, sideset_base=self._clock,
                                         in_base=self._data, jmp_pin=self._ready)
        # 1.25 periods as turns of the waiting loops, five bits at a time, into OSR
        turns = pio * 5 // 4 // hz // _LOOP_CYCLES
        sm.exec("mov(isr, null).side(2)")
        for shift in (15, 10, 5, 0):
            sm.exec("set(x, %d).side(2)" % (turns >> shift & 31))
            sm.exec("in_(x, 5).side(2)")
        sm.exec("mov(osr, isr).side(2)")
        sm.exec("mov(isr, null).side(2)")
        sm.irq(handler, hard=True)

    def start(self):
        """Frames and interrupts from now on, every sample or every 1.25 periods."""
        self._sm.active(1)

    def stop(self):
        if self._sm:
            self._sm.active(0)
            self._sm.irq(None)
            self._sm = None
        for pin, value in ((self._clock, 0), (self._select, 1), (self._din, 0)):
            pin.init(machine.Pin.OUT, value=value)


def make(board):
    from drivers import memory

    pins = board.pins
    crc_table(memory.at(memory.CRC_TABLE, 512))
    return Converter(pins["converter_clock"], pins["converter_select"], pins["converter_data"], pins["data_ready"],
                     pins["pio_data"], board.settings.get("converter_clock_hz", CLOCK_HZ))
