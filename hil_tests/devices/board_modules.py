"""`machine`, `rp2` and `uctypes` for CPython, over the registers of an emulated RP2040 whose processor stands still.

Each call does what MicroPython's port does at the register (RP2040 datasheet: 2.19 GPIO, 2.3.1.7 SIO, 3.7 PIO, 4.4 SPI, 2.5 DMA),
so a driver runs unchanged, its PIO programs run as they are, and the models of the wires see every edge.
"""

import time
import types
from collections.abc import Callable
from typing import Any

from hil_tests.devices import pio_asm

IO_BANK, PADS, SIO = 0x40014000, 0x4001C000, 0xD0000000
PIO_BASE, SPI_BASE, DMA_BASE = (0x50200000, 0x50300000), (0x4003C000, 0x40040000), 0x50000000
PWM_BASE = 0x40050000
FUNCTION_SPI, FUNCTION_PWM, FUNCTION_SIO, FUNCTION_PIO = 1, 4, 5, (6, 7)


def modules(rp2040: Any) -> dict[str, types.ModuleType]:
    """The modules for one rp2040 (peripherals.Peripherals), by name."""
    mcu = rp2040.mcu
    read, write = mcu.read_uint32, mcu.write_uint32

    def function(pin: int, number: int) -> None:
        write(PADS + 4 + 4 * pin, read(PADS + 4 + 4 * pin) & ~0x80 | 0x40)
        write(IO_BANK + 8 * pin + 4, number)

    class Pin:
        IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 1, 2

        def __init__(self, number: Any, mode: int = -1, pull: int | None = None, value: int | None = None) -> None:
            self.number: int = number.number if isinstance(number, Pin) else number
            if mode >= 0:
                self.init(mode, pull, value)

        def init(self, mode: int = -1, pull: int | None = None, value: int | None = None) -> None:
            if value is not None:
                write(SIO + (0x14 if value else 0x18), 1 << self.number)
            write(SIO + (0x24 if mode == self.OUT else 0x28), 1 << self.number)
            pads = PADS + 4 + 4 * self.number
            write(pads, read(pads) & ~0x0C | (8 if pull == self.PULL_UP else 4 if pull == self.PULL_DOWN else 0))
            function(self.number, FUNCTION_SIO)

        def __call__(self, value: int | None = None) -> int:
            if value is not None:
                write(SIO + (0x14 if value else 0x18), 1 << self.number)
                return value
            return int(read(SIO + 4) >> self.number & 1)

        value = __call__

    class SoftSPI:
        """Bits by software, half a bit at a time; the rp2040's time goes on."""

        def __init__(self, baudrate: int, polarity: int, phase: int, sck: Pin, mosi: Pin, miso: Pin) -> None:
            self._half_ns, self._phase, self._idle = 5e8 / baudrate, phase, polarity
            self._sck, self._mosi, self._miso = sck, mosi, miso
            sck(polarity)

        def write_readinto(self, out: bytes, back: bytearray) -> None:
            for n, byte in enumerate(out):
                got = 0
                for i in range(7, -1, -1):
                    got = got << 1 | self._bit(byte >> i & 1)
                back[n] = got

        def _bit(self, value: int) -> int:
            """Mode 0 samples at the first edge, mode 1 at the second (4.4.3.9)."""
            if self._phase:
                self._sck(1 - self._idle)
            self._mosi(value)
            rp2040.run_ns(self._half_ns)
            self._sck(self._idle if self._phase else 1 - self._idle)
            got = self._miso()
            rp2040.run_ns(self._half_ns)
            if not self._phase:
                self._sck(self._idle)
            return got

    class SPI:
        """The hardware's SPI, byte by byte through its data register."""

        def __init__(self, bus: int, baudrate: int = 1000000, polarity: int = 0, phase: int = 0, sck: Pin | None = None,
                     mosi: Pin | None = None, miso: Pin | None = None) -> None:  # fmt: skip
            self._base = SPI_BASE[bus]
            self.baudrate, self.polarity, self.phase = baudrate, polarity, phase
            for pin in (sck, mosi, miso):
                if pin:
                    function(pin.number, FUNCTION_SPI)
            self.init()

        def init(self, baudrate: int | None = None, polarity: int | None = None, phase: int | None = None) -> None:
            self.baudrate = self.baudrate if baudrate is None else baudrate
            self.polarity = self.polarity if polarity is None else polarity
            self.phase = self.phase if phase is None else phase
            write(self._base + 4, 0)
            divider = -(-125_000_000 // self.baudrate)
            divider += divider & 1
            write(self._base + 0x10, min(254, divider))
            write(self._base, self.phase << 7 | self.polarity << 6 | 7)
            write(self._base + 4, 2)

        def write_readinto(self, out: bytes, back: Any) -> None:
            for n, byte in enumerate(out):
                back[n] = self._byte(byte)

        def write(self, out: bytes) -> None:
            for byte in out:
                self._byte(byte)

        def readinto(self, back: Any, out: int = 0) -> None:
            for n in range(len(back)):
                back[n] = self._byte(out)

        def _byte(self, value: int) -> int:
            write(self._base + 8, value)
            while not read(self._base + 0x0C) & 4:
                rp2040.run_ns(50)
            return int(read(self._base + 8))

    class PIO(pio_asm.Pio):
        def __init__(self, block: int) -> None:
            self._block = block

        def add_program(self, program: list[Any]) -> None:
            rp2040.load(self._block, program)

    class StateMachine:
        """MicroPython's, down to the registers."""

        def __init__(self, number: int, program: list[Any], freq: int = 125_000_000, *, in_base: Pin | None = None,
                     out_base: Pin | None = None, set_base: Pin | None = None, jmp_pin: Pin | None = None,
                     sideset_base: Pin | None = None) -> None:  # fmt: skip
            self._pio, self._sm, self._program = number >> 2, number & 3, program
            self._base = PIO_BASE[self._pio]
            self._at = self._base + 0xC8 + 0x18 * self._sm
            offset = rp2040.load(self._pio, program)
            self._side_bits = _count(program[pio_asm.SIDE_INIT])
            optional = program[pio_asm.EXECCTRL] >> 30 & 1
            self.active(0)
            write(self._at, max(256, round(125e6 * 256 / freq)) << 8)
            execctrl = program[pio_asm.EXECCTRL] + (offset << 12 | offset << 7)
            write(self._at + 4, execctrl | (jmp_pin.number << 24 if jmp_pin else 0))
            write(self._at + 8, program[pio_asm.SHIFTCTRL])
            pins = {"out": out_base, "set": set_base, "side": sideset_base}
            inits = {"out": program[pio_asm.OUT_INIT], "set": program[pio_asm.SET_INIT], "side": program[pio_asm.SIDE_INIT]}
            bases = {name: pin.number if pin else 0 for name, pin in pins.items()}
            counts = {name: _count(init) for name, init in inits.items()}
            for name, pin in pins.items():
                if pin:
                    self._give(bases[name], inits[name])
            write(self._at + 0x14, (counts["side"] + optional) << 29 | counts["set"] << 26 | counts["out"] << 20
                  | (in_base.number if in_base else 0) << 15 | bases["side"] << 10 | bases["set"] << 5 | bases["out"])  # fmt: skip
            write(self._base, 1 << (4 + self._sm) | read(self._base) & 15)
            write(self._at + 0x10, offset)

        def _give(self, base: int, init: Any) -> None:
            """Directions and levels of the pins, by instructions as the port does it, then the pins themselves."""
            for n, level in enumerate([init] if isinstance(init, int) else list(init or ())):
                write(self._at + 0x14, 1 << 26 | (base + n) << 5)
                write(self._at + 0x10, 0xE000 | level & 1)
                write(self._at + 0x10, 0xE080 | level >> 1)
                function(base + n, FUNCTION_PIO[self._pio])
            mcu.pio[self._pio].check_changed_pins()

        def exec(self, instruction: str | int) -> None:
            bits, optional = self._side_bits, bool(self._program[pio_asm.EXECCTRL] >> 30 & 1)
            word = instruction if isinstance(instruction, int) else pio_asm.encode(instruction, bits, optional)
            write(self._at + 0x10, word)
            mcu.pio[self._pio].check_changed_pins()

        def active(self, on: int) -> None:
            bit = 1 << self._sm
            write(self._base, read(self._base) & 15 & ~bit | (bit if on else 0))

        def irq(self, handler: Callable[[Any], None] | None = None, trigger: int = 0, hard: bool = False) -> None:
            rp2040.handlers.pop((self._pio, self._sm), None)
            if handler:
                rp2040.handlers[self._pio, self._sm] = lambda: handler(self)

        def put(self, value: int) -> None:
            write(self._base + 0x10 + 4 * self._sm, value & 0xFFFFFFFF)

        def get(self) -> int:
            return int(read(self._base + 0x20 + 4 * self._sm))

    class DMA:
        """One channel (2.5.7): the registers CTRL, READ_ADDR, WRITE_ADDR, TRANS_COUNT."""

        channels = 0

        def __init__(self) -> None:
            self.channel = DMA.channels
            DMA.channels += 1
            self._at = DMA_BASE + 0x40 * self.channel

        def pack_ctrl(self, *, size: int = 2, inc_read: bool = True, inc_write: bool = True, treq_sel: int = 0x3F,
                      irq_quiet: bool = True, enable: bool = True) -> int:  # fmt: skip
            flags = int(enable) | inc_read << 4 | inc_write << 5 | irq_quiet << 21
            return flags | size << 2 | self.channel << 11 | treq_sel << 15

        def config(self, *, read: int, write: int, count: int, ctrl: int, trigger: bool) -> None:
            put = mcu.write_uint32
            put(self._at, read)
            put(self._at + 4, write)
            put(self._at + 8, count)
            put(self._at + (0x0C if trigger else 0x10), ctrl)

        @property
        def count(self) -> int:
            return int(read(self._at + 8))

        def close(self) -> None:
            write(DMA_BASE + 0x444, 1 << self.channel)

    class Memory:
        def __getitem__(self, address: int) -> int:
            return int(read(address))

        def __setitem__(self, address: int, value: int) -> None:
            write(address, value & 0xFFFFFFFF)

    class PWM:
        """One slice (4.5.3): as the port sets it up, free-running, with the pin's channel at a duty."""

        def __init__(self, pin: Pin, freq: int, duty_u16: int) -> None:
            at = PWM_BASE + 20 * (pin.number >> 1 & 7)
            write(at + 4, max(16, round(125e6 * 16 / 65536 / freq)))
            write(at + 16, 65534)
            write(at + 12, duty_u16 << 16 * (pin.number & 1))
            write(at, 1)
            function(pin.number, FUNCTION_PWM)

    class WDT:
        """Counts what it is fed."""

        def __init__(self, timeout: int) -> None:
            self.timeout, self.fed = timeout, 0
            rp2040.watchdog = self

        def feed(self) -> None:
            self.fed += 1

    class Words:
        """`uctypes.struct(...).w`: unsigned words in the chip's memory."""

        def __init__(self, address: int, _: Any) -> None:
            self._at = address
            self.w = self

        def __getitem__(self, n: int) -> int:
            return int(read(self._at + 4 * n))

        def __setitem__(self, n: int, value: int) -> None:
            write(self._at + 4 * n, value & 0xFFFFFFFF)

    made: dict[str, dict[str, Any]] = {
        "machine": {"Pin": Pin, "SoftSPI": SoftSPI, "SPI": SPI, "mem32": Memory(), "WDT": WDT, "PWM": PWM,
                    "freq": lambda: 125_000_000},
        "rp2": {"PIO": PIO, "asm_pio": pio_asm.asm_pio, "StateMachine": StateMachine, "DMA": DMA},
        "time": {**vars(time), "sleep_us": rp2040.run_us, "sleep_ms": lambda ms: rp2040.run_us(1000 * ms)},
        "uctypes": {"struct": Words, "ARRAY": 0, "UINT32": 0, "bytearray_at": rp2040.memory, "addressof": lambda thing: thing},
    }
    found = {}
    for name, content in made.items():
        found[name] = types.ModuleType(name)
        found[name].__dict__.update(content)
    return found


def _count(init: Any) -> int:
    return 0 if init is None else 1 if isinstance(init, int) else len(init)
