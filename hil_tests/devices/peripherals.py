"""An RP2040 without a processor: drivers and stages of the tick run here, against its peripherals and the models of the wires.

    rp2040 = Peripherals()
    driver = rp2040.driver("deadman")       # the module, its `machine` and `rp2` over this rp2040's registers
    deadman = driver.Deadman(7)
    rp2040.run_us(50)                       # PIO programs, DMA and devices go on; nothing else moves

A second here takes seconds, not a minute, so each driver is proved at the wire without an image. What it can't tell is what an
image costs in time: `make bench-board` measures that.
"""

import ast
import importlib
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stackpress import tick_compiler

from boards.images import tick
from boards.images.board_data import board_data
from hil_tests.devices import board_modules, on_chip
from hil_tests.devices.wires import Wires
from hil_tests.targets import compilation

ROOT = Path(__file__).resolve().parents[2]
DRIVERS = ROOT / "firmware" / "drivers"
CHIP = board_data("pico")["chip"]
CYCLE_NS, READ_NS = 8.0, 40
SRAM, BLACKBOARD, FIXED = 0x20000000, 0x20010000, CHIP["scratch"]
WORDS = {f"_{name}": number for name, number in tick.fixed_words().items()}
CRC_TABLE = FIXED + tick_compiler.constants_of(tick.MEMORY)["_CRC_TABLE"]


class Peripherals:
    """`step_cycles` is how often the PIO programs are looked at: 2 for a program at 62.5 MHz, at most 8 (then they run late)."""

    def __init__(self, step_cycles: int = 2) -> None:
        compilation.install()
        from rp2040py import RP2040

        assert step_cycles <= 8, "the emulated PIO forgets what it owes after 8 cycles"
        self.mcu: Any = RP2040()
        owner: Any = types.SimpleNamespace(stopped=True)
        self.mcu.simulator = owner  # else a PIO program would want an event loop
        self.wires = Wires(self.mcu)
        self.handlers: dict[tuple[int, int], Callable[[], None]] = {}
        self.watchdog: Any = None
        self._step = step_cycles
        self._owed = 0.0
        self._inside = False  # a handler is running, and time goes on in it
        self._free = [32, 32]
        self._drivers: dict[str, types.ModuleType] = {}
        self._modules = board_modules.modules(self)
        self.machine: Any = self._modules["machine"]

    # -- time

    def run_us(self, us: float) -> None:
        self.run_ns(us * 1000)

    def run_ns(self, ns: float) -> None:
        """Let time pass; an interrupt of a PIO program calls its handler at once."""
        span = self._step * CYCLE_NS
        clock, pios = self.mcu.clock, self.mcu.pio
        steps, self._owed = divmod(self._owed + ns, span)
        if all(pio.stopped for pio in pios):
            clock.tick(steps * span)  # nothing has to be looked at on the way
            return
        for _ in range(int(steps)):
            clock.tick(span)
            for pio in pios:
                pio.advance(self._step)
                if pio.irq & 15 and self.handlers and not self._inside:
                    self._interrupt(pio)

    def _interrupt(self, pio: Any) -> None:
        for (block, machine), handler in list(self.handlers.items()):
            if block == pio.index and pio.irq >> machine & 1:
                pio.irq &= ~(1 << machine)
                self._inside = True
                handler()
                self._inside = False

    # -- what runs here

    def load(self, block: int, program: list[Any]) -> int:
        """Put a program where the port would: as high in the instruction memory as there is room. MemoryError if there is none."""
        key = 1 + block
        if program[key] < 0:
            words = program[0]
            if len(words) > self._free[block]:
                raise OSError(12)
            self._free[block] -= len(words)
            program[key] = self._free[block]
            base = on_chip.PIO_BASE[block] + 0x48
            for n, word in enumerate(words):
                jump = word >> 13 == 0
                self.mcu.write_uint32(base + 4 * (program[key] + n), word + (program[key] if jump else 0))
        return int(program[key])

    def driver(self, name: str, **facts: Any) -> types.ModuleType:
        """A driver's module as this chip's MicroPython would import it; `facts` stand for the image's own."""
        image = types.ModuleType("image_facts")
        image.__dict__.update({"CHIP": CHIP, **facts})
        others = {key: sys.modules.pop(key) for key in list(sys.modules) if key.split(".")[0] == "drivers"}
        stubs = {**self._modules, "image_facts": image}
        before = {key: sys.modules.get(key) for key in stubs}
        sys.modules.update({**stubs, **self._drivers})
        try:
            return importlib.import_module(f"drivers.{name}")
        finally:
            for key in [key for key in sys.modules if key.split(".")[0] == "drivers"]:
                self._drivers[key] = sys.modules.pop(key)
            for key, old in before.items():
                sys.modules.pop(key, None) if old is None else sys.modules.update({key: old})
            sys.modules.update(others)

    def stage(self, file: str, name: str, **constants: int) -> Callable[[], None]:
        """A stage of the tick as a call without arguments, on the blackboard in this chip's memory.

        Numbers are 32 bits wide and wrap, as viper's are on the chip.
        """
        from stackpress_core.tick import blackboard

        path = DRIVERS / f"{file}.py"
        known = {**WORDS, "_BASE": FIXED, "_CRC_TABLE": CRC_TABLE, **{"_" + key: at for key, at in dict(blackboard.AT).items()}}
        known.update(("_" + key, value) for key, value in vars(blackboard).items() if key.isupper() and isinstance(value, int))
        known.update(("_IN_" + key.upper(), bit) for key, bit in blackboard.IN.items())
        text = next(n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef) and n.name == name)
        text.decorator_list = []
        tree = ast.fix_missing_locations(ast.Module([_Wrap().visit(text)], []))
        pointers = {"ptr32": self.ptr32, "ptr16": self.ptr16, "_wrap": _wrap}
        space: dict[str, Any] = {**pointers, **tick_compiler.constants_of(path), **known}
        made: dict[str, Any] = {}
        exec(compile(tree, file, "exec"), {**space, **constants}, made)
        run: Callable[[int], None] = made[name]
        return lambda: run(BLACKBOARD)

    def fixed(self, **words: int) -> None:
        """Write fixed words by name, those of the registers by themselves."""
        registers = {name.upper(): CHIP[name] for name in ("pio0", "pio1", "sio", "timer")}
        for name, value in {**registers, **words}.items():
            self.mcu.write_uint32(FIXED + 4 * WORDS["_" + name], value)

    # -- memory

    def word(self, name: str) -> int:
        """A word of the blackboard, by its name or `NAME+n`."""
        from stackpress_core.tick import blackboard

        base, _, more = name.partition("+")
        return self.ptr32(BLACKBOARD)[blackboard.AT[base] + int(more or 0)]

    def put(self, name: str, value: int) -> None:
        from stackpress_core.tick import blackboard

        base, _, more = name.partition("+")
        self.ptr32(BLACKBOARD)[blackboard.AT[base] + int(more or 0)] = value

    def memory(self, address: int, size: int) -> memoryview:
        return memoryview(self.mcu.sram)[address - SRAM : address - SRAM + size]

    def ptr32(self, address: int) -> "Pointer":
        return Pointer(self.mcu, address & 0xFFFFFFFF, 4, self.run_ns)

    def ptr16(self, address: int) -> "Pointer":
        return Pointer(self.mcu, address & 0xFFFFFFFF, 2, self.run_ns)


class Pointer:
    """viper's pointer on the chip's bus: words are signed, halfwords are not. To read a register of a PIO takes a little time."""

    def __init__(self, mcu: Any, address: int, size: int, spend_ns: Callable[[float], None]) -> None:
        self._mcu, self._at, self._size, self._spend_ns = mcu, address, size, spend_ns

    def __getitem__(self, n: int) -> int:
        if self._size == 2:
            return int(self._mcu.read_uint16(self._at + 2 * n))
        if self._at >> 20 in (0x502, 0x503):
            self._spend_ns(READ_NS)
        return _wrap(self._mcu.read_uint32(self._at + 4 * n))

    def __setitem__(self, n: int, value: int) -> None:
        self._mcu.write_uint32(self._at + 4 * n, value & 0xFFFFFFFF)


def _wrap(value: int) -> int:
    return (int(value) + 0x80000000 & 0xFFFFFFFF) - 0x80000000


class _Wrap(ast.NodeTransformer):
    """Puts `_wrap(...)` around whatever is calculated."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(ast.Name("_wrap", ast.Load()), [node], [])

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.Assign([node.target], ast.Call(ast.Name("_wrap", ast.Load()), [ast.BinOp(load, node.op, node.value)], []))
