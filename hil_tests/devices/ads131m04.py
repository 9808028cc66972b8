"""ADS131M04 at the wire: SPI mode 1, words, registers, CRC, data-ready. Sections are those of TI SBASA13A, the sheet that was
read: it is the ADS131M04-Q1's. The carrier has an ADS131M04IPWR, whose own sheet is SBAS890; nobody has compared the two.

8.5.1.9.1: two samples are kept; whoever begins to read, or reads again after a pause, has to read twice quickly, or stays a
conversion behind for good: DRDY of STATUS and the pin stay until both were read. A third one drives the oldest out.

8.5.1.1 a frame is six words: answer to the command before, four channels, CRC. 8.5.1.8 the CRC is CCITT (0x1021, from 0xFFFF) over
the words before it, in the upper 16 bits of its word. 8.5.1.10 commands. 8.5.1.5 data-ready falls with a new conversion and rises
when all of it was shifted out, or shortly before the next one if it was not. 6.7 a frame in which no clock comes for 32768
periods of CLKIN is abandoned, if MODE asks for that: nothing more comes out of it, and its command is not obeyed.

8.6 registers. MODE: bits 9:8 the words' length (16, 24, 32, 32), 11 the CRC's polynomial (0: CCITT), 4 the time-out. CLOCK: 11:8
the channels that convert, 4:2 the ratio, 1:0 the power mode. GAIN: four bits a channel, the gain as a power of two.
"""

from binascii import crc_hqx
from collections.abc import Callable, Sequence

from hil_tests.devices.wires import Wires

NULL, RESET, LOCK, UNLOCK = 0x0000, 0x0011, 0x0555, 0x0655
DEFAULTS = {0x00: 0x2403, 0x01: 0x0500, 0x02: 0x0510, 0x03: 0x0F0E, 0x04: 0x0000}
STATUS, MODE, CLOCK, GAIN = 1, 2, 3, 4
RESET_SEEN, LOCKED = 0x0400, 0x8000
RATIOS = (128, 256, 512, 1024, 2048, 4096, 8192, 16256)
WORD, WORDS = 24, 6
LENGTHS = (16, 24, 32, 32)
TIME_OUT, TIME_OUT_ON = 32768, 0x0010  # periods of CLKIN; of MODE
GAIN_HERE = 7  # `sample` gives codes at a gain of 128


def crc16(words: Sequence[int]) -> int:
    """CCITT over 24-bit words."""
    return crc_hqx(b"".join([word.to_bytes(3, "big") for word in words]), 0xFFFF)


class Ads131m04:
    """`sample()` gives four codes, signed 24 bit, at each conversion."""

    def __init__(self, wires: Wires, pins: dict[str, int], sample: Callable[[], Sequence[int]], clock_hz: float = 8192000) -> None:
        self.wires, self.pins, self.sample, self.clock_hz = wires, pins, sample, clock_hz
        self.registers = dict(DEFAULTS)
        self.registers[STATUS] |= RESET_SEEN
        self.codes: list[int] = [0, 0, 0, 0]  # of the conversion that goes out
        self.unread: list[list[int]] = []  # conversions that wait to be read: two at most
        self.ready_cut = False  # the wire of data-ready: the controller's pull-up wins
        self.noise_frames = 0  # so many frames with a bit turned over
        self.noise_mask = 1 << 40  # which
        self.conversions = self.frames = 0
        self.on_ready: Callable[[], None] = lambda: None
        self._answer = 0xFF24
        clock, data = pins["converter_clock"], pins["converter_data"]
        self._register = wires.shifter(clock, pins["pio_data"], data, 2 * WORD, WORD * (WORDS - 1), self._read)
        self._convert = wires.alarm(self._converted)
        self._rise = wires.alarm(lambda: self._ready(1))
        self._idle, self._idle_bits = wires.alarm(self._timed_out), 0
        wires.watch(pins["converter_select"], self._select)
        self._select(wires.level(pins["converter_select"]))
        self._ready(1)
        self._convert.schedule(1e9 / self.rate_hz)

    @property
    def rate_hz(self) -> float:
        return self.clock_hz / 2 / RATIOS[self.registers[CLOCK] >> 2 & 7]

    @property
    def length(self) -> int:
        """Bits of a word."""
        return LENGTHS[self.registers[MODE] >> 8 & 3]

    @property
    def dead(self) -> bool:
        """No power: lines float, the pull-downs win."""
        return bool(self._register.silent)

    @dead.setter
    def dead(self, is_dead: bool) -> None:
        self._register.silent = is_dead

    def power_glitch(self) -> None:
        """The supply dips: every register at its default, and STATUS tells so."""
        self.registers = dict(DEFAULTS)
        self.registers[STATUS] |= RESET_SEEN

    # -- conversions -----------------------------------------------------------------------------------------------

    def _converted(self) -> None:
        period = 1e9 / self.rate_hz
        self._convert.schedule(period)
        self.unread = [*self.unread[-1:], self._conversion()]
        self.conversions += 1
        if not self.dead:
            self._ready(0)
            self.on_ready()
            self._rise.schedule(period - 1000)

    def _conversion(self) -> list[int]:
        """At the gain that is set; a channel that is switched off tells zero."""
        on, gains = self.registers[CLOCK] >> 8, self.registers[GAIN]
        whole = [code << (gains >> 4 * n & 7) >> GAIN_HERE if on >> n & 1 else 0 for n, code in enumerate(self.sample())]
        return [code if -0x800000 <= code <= 0x7FFFFF else 0x7FFFFF if code > 0 else -0x800000 for code in whole]

    def _ready(self, level: int) -> None:
        self.wires.drive(self.pins["data_ready"], 1 if self.dead or self.ready_cut else level)

    # -- frames ----------------------------------------------------------------------------------------------------

    def _select(self, level: int) -> None:
        register = self._register
        if level:
            if not register.selected:
                return
            register.selected = False
            self._idle.cancel()
            if register.bits >= WORD:
                self._obey()
            self.wires.drive(self.pins["converter_data"], 0)
            return
        head = self._answer
        if head == NULL:
            head = self.registers[STATUS] | 0x0100 | (15 if self.unread else 0)
        if self.unread:
            self.codes = self.unread[0]
        length = self.length
        words = [head << 8, *(code & 0xFFFFFF for code in self.codes)]
        words.append(crc16(words) << 8)
        out = 0
        for word in words:
            out = out << length | word << 8 >> 32 - length
        if self.noise_frames:
            self.noise_frames -= 1
            out ^= self.noise_mask
        register.begin(format(out, f"0{length * WORDS}b").encode())
        self._idle_bits = 0
        self._idle.schedule(TIME_OUT * 1e9 / self.clock_hz)

    def _timed_out(self) -> None:
        """Looks once in a time-out whether a clock has come: a frame is given up after one to two of them."""
        if not self.registers[MODE] & TIME_OUT_ON:
            return
        if self._register.bits == self._idle_bits:
            self._register.selected = False
            self.wires.drive(self.pins["converter_data"], 0)
        else:
            self._idle_bits = self._register.bits
            self._idle.schedule(TIME_OUT * 1e9 / self.clock_hz)

    def _read(self) -> None:
        """All but the CRC was shifted out."""
        self.unread = self.unread[1:]
        if not self.unread:
            self._rise.cancel()
            self._ready(1)

    def _obey(self) -> None:
        self.frames += 1
        whole = self._register.taken << max(0, 2 * WORD - self._register.bits)
        command, argument = whole >> (WORD + 8) & 0xFFFF, whole >> (2 * WORD - 16 - self.length) & 0xFFFF
        locked = self.registers[STATUS] & LOCKED
        self._answer = NULL
        if command == UNLOCK:
            self.registers[STATUS] &= ~LOCKED
            self._answer = command
        elif command >> 13 == 5:
            self._answer = self.registers.get(command >> 7 & 63, 0)
        elif locked:
            return
        elif command == RESET:
            self._reset()
        elif command == LOCK:
            self.registers[STATUS] |= LOCKED
            self._answer = command
        elif command >> 13 == 3:
            self._write(command >> 7 & 63, argument)
            self._answer = 0x4000 | command & 0x1FFF

    def _reset(self) -> None:
        self.power_glitch()
        self._answer = 0xFF24

    def _write(self, register: int, value: int) -> None:
        if register == MODE and not value & 0x0400:
            self.registers[STATUS] &= ~RESET_SEEN
        if register >= MODE:
            self.registers[register] = value
        if register == CLOCK:
            self._convert.schedule(1e9 / self.rate_hz)
