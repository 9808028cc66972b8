"""`rp2` for CPython, over the registers of an emulated RP2040 whose processor stands still.

Each call does what MicroPython's port does at the register (RP2040 datasheet: 3.7 PIO, 2.5 DMA), so PIO programs run as they are.
"""

from collections.abc import Callable
from typing import Any

from hil_tests.devices import pio_asm
from hil_tests.devices.machine_module import Pin
from hil_tests.devices.on_chip import DMA_BASE, FUNCTION_PIO, PIO_BASE, OnChip


class PIO(OnChip, pio_asm.Pio):
    def __init__(self, block: int) -> None:
        self._block = block

    def add_program(self, program: list[Any]) -> None:
        self.rp2040.load(self._block, program)


class StateMachine(OnChip):
    """MicroPython's, down to the registers."""

    def __init__(self, number: int, program: list[Any], freq: int = 125_000_000, *, in_base: Pin | None = None,
                 out_base: Pin | None = None, set_base: Pin | None = None, jmp_pin: Pin | None = None,
                 sideset_base: Pin | None = None) -> None:  # fmt: skip
        self._pio, self._sm, self._program = number >> 2, number & 3, program
        self._base = PIO_BASE[self._pio]
        self._at = self._base + 0xC8 + 0x18 * self._sm
        offset = self.rp2040.load(self._pio, program)
        self._side_bits = _count(program[pio_asm.SIDE_INIT])
        optional = program[pio_asm.EXECCTRL] >> 30 & 1
        self.active(0)
        self._write(self._at, max(256, round(125e6 * 256 / freq)) << 8)
        execctrl = program[pio_asm.EXECCTRL] + (offset << 12 | offset << 7)
        self._write(self._at + 4, execctrl | (jmp_pin.number << 24 if jmp_pin else 0))
        self._write(self._at + 8, program[pio_asm.SHIFTCTRL])
        pins = {"out": out_base, "set": set_base, "side": sideset_base}
        inits = {"out": program[pio_asm.OUT_INIT], "set": program[pio_asm.SET_INIT], "side": program[pio_asm.SIDE_INIT]}
        bases = {name: pin.number if pin else 0 for name, pin in pins.items()}
        counts = {name: _count(init) for name, init in inits.items()}
        for name, pin in pins.items():
            if pin:
                self._give(bases[name], inits[name])
        first_in = in_base.number if in_base else 0
        self._write(self._at + 0x14, (counts["side"] + optional) << 29 | counts["set"] << 26 | counts["out"] << 20
                    | first_in << 15 | bases["side"] << 10 | bases["set"] << 5 | bases["out"])  # fmt: skip
        self._write(self._base, 1 << (4 + self._sm) | self._read(self._base) & 15)
        self._write(self._at + 0x10, offset)

    def _give(self, base: int, init: Any) -> None:
        """Directions and levels of the pins, by instructions as the port does it, then the pins themselves."""
        for n, level in enumerate([init] if isinstance(init, int) else list(init or ())):
            self._write(self._at + 0x14, 1 << 26 | (base + n) << 5)
            self._write(self._at + 0x10, 0xE000 | level & 1)
            self._write(self._at + 0x10, 0xE080 | level >> 1)
            self._give_to(base + n, FUNCTION_PIO[self._pio])
        self.rp2040.mcu.pio[self._pio].check_changed_pins()

    def exec(self, instruction: str | int) -> None:
        bits, optional = self._side_bits, bool(self._program[pio_asm.EXECCTRL] >> 30 & 1)
        word = instruction if isinstance(instruction, int) else pio_asm.encode(instruction, bits, optional)
        self._write(self._at + 0x10, word)
        self.rp2040.mcu.pio[self._pio].check_changed_pins()

    def active(self, on: int) -> None:
        bit = 1 << self._sm
        self._write(self._base, self._read(self._base) & 15 & ~bit | (bit if on else 0))

    def irq(self, handler: Callable[[Any], None] | None = None, trigger: int = 0, hard: bool = False) -> None:
        self.rp2040.handlers.pop((self._pio, self._sm), None)
        if handler:
            self.rp2040.handlers[self._pio, self._sm] = lambda: handler(self)

    def put(self, value: int) -> None:
        self._write(self._base + 0x10 + 4 * self._sm, value & 0xFFFFFFFF)

    def get(self) -> int:
        return self._read(self._base + 0x20 + 4 * self._sm)


class DMA(OnChip):
    """One channel (2.5.7): the registers CTRL, READ_ADDR, WRITE_ADDR, TRANS_COUNT."""

    channels = 0

    def __init__(self) -> None:
        self.channel = type(self).channels
        type(self).channels += 1
        self._at = DMA_BASE + 0x40 * self.channel

    def pack_ctrl(self, *, size: int = 2, inc_read: bool = True, inc_write: bool = True, treq_sel: int = 0x3F,
                  irq_quiet: bool = True, enable: bool = True) -> int:  # fmt: skip
        flags = int(enable) | inc_read << 4 | inc_write << 5 | irq_quiet << 21
        return flags | size << 2 | self.channel << 11 | treq_sel << 15

    def config(self, *, read: int, write: int, count: int, ctrl: int, trigger: bool) -> None:
        put = self._write
        put(self._at, read)
        put(self._at + 4, write)
        put(self._at + 8, count)
        put(self._at + (0x0C if trigger else 0x10), ctrl)

    @property
    def count(self) -> int:
        return self._read(self._at + 8)

    def close(self) -> None:
        self._write(DMA_BASE + 0x444, 1 << self.channel)


def _count(init: Any) -> int:
    return 0 if init is None else 1 if isinstance(init, int) else len(init)
