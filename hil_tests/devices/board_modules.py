"""The modules that drivers import on a board, by name, over the registers of an emulated RP2040 whose processor stands still.

A driver runs unchanged, its PIO programs run as they are, and the models of the wires see every edge.
"""

import time
import types
from typing import Any

from hil_tests.devices import machine_module, pio_asm, rp2_module
from hil_tests.devices.on_chip import OnChip

MACHINE = ("Pin", "SoftSPI", "SPI", "WDT", "PWM")
RP2 = ("PIO", "StateMachine", "DMA")


class Words(OnChip):
    """`uctypes.struct(...).w`: unsigned words in the chip's memory."""

    def __init__(self, address: int, _: Any) -> None:
        self._at = address
        self.w = self

    def __getitem__(self, n: int) -> int:
        return self._read(self._at + 4 * n)

    def __setitem__(self, n: int, value: int) -> None:
        self._write(self._at + 4 * n, value & 0xFFFFFFFF)


def modules(rp2040: Any) -> dict[str, types.ModuleType]:
    """The modules for one rp2040 (peripherals.Peripherals), by name."""
    machine = {name: getattr(machine_module, name).on(rp2040) for name in MACHINE}
    rp2 = {name: getattr(rp2_module, name).on(rp2040) for name in RP2}
    made: dict[str, dict[str, Any]] = {
        "machine": {**machine, "mem32": machine_module.Memory.on(rp2040)(), "freq": lambda: 125_000_000},
        "rp2": {**rp2, "asm_pio": pio_asm.asm_pio},
        "time": {**vars(time), "sleep_us": rp2040.run_us, "sleep_ms": lambda ms: rp2040.run_us(1000 * ms),
                 "ticks_ms": lambda: int(rp2040.wires.now_ns // 1_000_000), "ticks_diff": lambda end, begin: end - begin},
        "uctypes": {"struct": Words.on(rp2040), "ARRAY": 0, "UINT32": 0, "bytearray_at": rp2040.memory,
                    "addressof": lambda thing: thing},
    }  # fmt: skip
    found = {}
    for name, content in made.items():
        found[name] = types.ModuleType(name)
        found[name].__dict__.update(content)
    return found
