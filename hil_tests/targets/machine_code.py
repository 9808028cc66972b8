"""The tick's C as machine code without an image around it, on a processor core by itself: what it does, and on a Cortex-M0+ what it
costs.

The compiler is that of the images, or the one of the Python package ziglang where there is none. The code is called as the vector
table does: no argument, and the registers r4 - r11 given back.
"""

import shutil
import struct
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from boards.images import build, sources, tick

RAM, RAM_BYTES = 0x20000000, 0x42000
CODE, FIXED, STACK, BACK = 0x20000000, 0x20010000, 0x2003F000, 0x2003F100
ARRAYS = {"blackboard": 0x20018000, "ring": 0x20020000, "plant": 0x20028000}
KEPT = range(4, 12)
CORES = {"cortex-m0plus": "cortex_m0plus", "cortex-m33": "cortex_m33"}  # gcc's name, zig's name
PT_LOAD, SHT_SYMTAB = 1, 2


def compiler(core: str) -> list[str]:
    """The command for a core. CannotBuild, in one line, if there is none."""
    if shutil.which("arm-none-eabi-gcc"):
        return ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb"]
    if find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabi", f"-mcpu={CORES[core]}"]
    text = "no compiler for the chip's code: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi, or pip install ziglang"
    raise sources.CannotBuild(text)


def compiled(text: str, core: str, folder: Path) -> bytes:
    """An ELF file of a C text with the handler of boards/images/tick.py in it."""
    source, elf = folder / "tick.c", folder / f"{core}.elf"
    source.write_text(text)
    where = [f"-Wl,-Ttext={CODE + 0x4000:#x}", f"-Wl,--section-start={tick.SECTION}={CODE:#x}", "-Wl,-e,press_tick"]
    command = [*compiler(core), *build.TICK, "-nostdlib", "-ffunction-sections", "-Wl,--gc-sections", *where, str(source)]
    sources.run([*command, *(["-lgcc"] if "gcc" in command[0] else []), "-o", str(elf)], why=f"compiling the tick for a {core}")
    return elf.read_bytes()


def loaded(elf: bytes) -> list[tuple[int, bytes]]:
    """What a loader would put where: (address, bytes)."""
    start, size, count = struct.unpack_from("<I", elf, 28)[0], *struct.unpack_from("<HH", elf, 42)
    headers = [struct.unpack_from("<8I", elf, start + n * size) for n in range(count)]
    return [(h[2], elf[h[1] : h[1] + h[4]]) for h in headers if h[0] == PT_LOAD and h[4]]


def entry(elf: bytes) -> int:
    return int(struct.unpack_from("<I", elf, 24)[0]) & ~1


class Core:
    """A processor with the tick's code and arrays in its memory; `run` calls it once."""

    def __init__(self, elf: bytes) -> None:
        self.entry = entry(elf)
        for address, data in loaded(elf):
            if address >= RAM:
                self.write(address, data)
        numbers = tick.fixed_words()
        for name, address in ARRAYS.items():
            self.write(FIXED + 4 * numbers[name.upper()], struct.pack("<I", address))

    def put(self, name: str, array: Any) -> None:
        self.write(ARRAYS[name], bytes(array))

    def get(self, name: str, size: int) -> bytes:
        return self.read(ARRAYS[name], size)

    def write(self, address: int, data: bytes) -> None:
        raise NotImplementedError

    def read(self, address: int, size: int) -> bytes:
        raise NotImplementedError

    def run(self) -> int:
        raise NotImplementedError


class EmulatedM0Plus(Core):
    """The core of the emulated RP2040; `run` gives cycles."""

    def __init__(self, elf: bytes) -> None:
        from rp2040py.rp2040 import RP2040

        self.chip: Any = RP2040()
        super().__init__(elf)

    def write(self, address: int, data: bytes) -> None:
        self.chip.sram[address - RAM : address - RAM + len(data)] = data

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.chip.sram[address - RAM : address - RAM + size])

    def run(self, limit: int = 50000) -> int:
        """TimeoutError after `limit` cycles; RuntimeError if registers are not kept."""
        core = self.chip.core
        for number in KEPT:
            core.registers[number] = 0x1110000 + number
        core.sp, core.lr, core.pc = STACK, BACK | 1, self.entry
        cycles = 0
        while core.pc != BACK:
            cycles += core.execute_instruction()
            if cycles > limit:
                raise TimeoutError(f"still at {core.pc:#x} after {limit} cycles")
        if [core.registers[n] for n in KEPT] != [0x1110000 + n for n in KEPT] or core.sp != STACK:
            raise RuntimeError("the function does not give the registers back as they were")
        return cycles


class Unicorn(Core):
    """A core of QEMU's, by way of unicorn: nothing in it is ours, and it counts no cycles."""

    MODE: tuple[str, ...] = ("UC_MODE_THUMB", "UC_MODE_MCLASS")
    MODEL = "UC_CPU_ARM_CORTEX_M33"

    def __init__(self, elf: bytes) -> None:
        self._unicorn: Any = import_module("unicorn")
        self._names: Any = import_module("unicorn.arm_const")
        mode = sum(getattr(self._unicorn, name) for name in self.MODE)
        self._cpu: Any = self._unicorn.Uc(self._unicorn.UC_ARCH_ARM, mode)
        self._cpu.ctl_set_cpu_model(getattr(self._names, self.MODEL))
        self._cpu.mem_map(RAM, (RAM_BYTES + 0xFFF) & ~0xFFF)
        super().__init__(elf)

    def write(self, address: int, data: bytes) -> None:
        self._cpu.mem_write(address, bytes(data))

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._cpu.mem_read(address, size))

    def executed(self, found: dict[int, bytes]) -> None:
        """From here on put each instruction that is executed into `found`: by address, its bytes."""
        seen = self._unicorn.UC_HOOK_CODE
        self._cpu.hook_add(seen, lambda cpu, address, size, _: found.setdefault(address, bytes(cpu.mem_read(address, size))))

    def _register(self, number: int) -> int:
        return int(getattr(self._names, f"UC_ARM_REG_R{number}"))

    def run(self, limit: int = 50000) -> int:
        """0; TimeoutError after `limit` instructions, RuntimeError if registers are not kept."""
        cpu, names = self._cpu, self._names
        for number in KEPT:
            cpu.reg_write(self._register(number), 0x1110000 + number)
        cpu.reg_write(names.UC_ARM_REG_SP, STACK)
        cpu.reg_write(names.UC_ARM_REG_LR, BACK | 1)
        cpu.emu_start(self.entry | 1, BACK, count=limit)
        if cpu.reg_read(names.UC_ARM_REG_PC) != BACK:
            raise TimeoutError(f"still at {cpu.reg_read(names.UC_ARM_REG_PC):#x} after {limit} instructions")
        kept = [cpu.reg_read(self._register(n)) for n in KEPT]
        if kept != [0x1110000 + n for n in KEPT] or cpu.reg_read(names.UC_ARM_REG_SP) != STACK:
            raise RuntimeError("the function does not give the registers back as they were")
        return 0


class UnicornM0Plus(Unicorn):
    """With UC_MODE_MCLASS it would be a Cortex-M33 that divides; as it is IT and CBZ run, which the chip lacks: `lacking`."""

    MODE = ("UC_MODE_THUMB",)
    MODEL = "UC_CPU_ARM_CORTEX_M0"


def lacking(instruction: bytes) -> bool:
    """Whether a Cortex-M0+ has no such instruction (ARMv6-M A5.2: of 32 bits BL, MSR, MRS and barriers only; no IT, CBZ, CBNZ)."""
    first = int.from_bytes(instruction[:2], "little")
    if len(instruction) == 2:
        return first & 0xF500 == 0xB100 or (first & 0xFF00 == 0xBF00 and bool(first & 0xF))
    second = int.from_bytes(instruction[2:], "little")
    return not (first & 0xF800 == 0xF000 and (second & 0xD000 == 0xD000 or first & 0xFFE0 in (0xF380, 0xF3A0, 0xF3E0)))


MODELS: dict[str, type[Core]] = {"cortex-m0plus": EmulatedM0Plus, "cortex-m33": Unicorn}
INDEPENDENT: dict[str, type[Unicorn]] = {"cortex-m0plus": UnicornM0Plus, "cortex-m33": Unicorn}
