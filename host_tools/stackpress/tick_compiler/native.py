"""Compiled stages for the MicroPython of this machine: C to x86-64 code, and that code as a module which MicroPython loads.

The Linux build of MicroPython has no foreign function interface, but it loads .mpy files with viper functions in them, and a viper
function is nothing but machine code that is called with its arguments as objects. So the C text has one entry,

    long NAME(void *self, unsigned long count, unsigned long keywords, const long *args)

where a whole number n is the object n << 1 | 1, given or returned, and an array is passed as its address (uctypes.addressof).
"""

import hashlib
import os
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from stackpress.tick_compiler.c import FLAGS

# No tables, no vectors, no calls of a library: then everything lies in one section and nothing has to be relocated.
ALONE = ("-O3", "-fPIC", "-fno-builtin", "-fno-jump-tables", "-fno-tree-vectorize", "-fno-tree-slp-vectorize",
         "-mgeneral-regs-only", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables",
         "-fcf-protection=none")  # fmt: skip
NO_LOOP_IS_MEMSET = "-fno-tree-loop-distribute-patterns"  # gcc's name for it; -fno-builtin says it to the others
ALLOCATED, RELOCATIONS, SYMBOLS = 2, (4, 9), 2  # ELF: section flag and types
MODULE = 0x3F  # of the bytecode below: 08 n_state 2, 02 one byte of names, 01 its name, make function 0, store it as 2, return None
BYTECODE = bytes.fromhex("08 02 01 32 00 16 02 51 63")
MPY_HEADER = b"M\x06\x0b\x1f"  # version 6.3, x64, small integers of 31 bits at least
BYTECODE_KIND, VIPER_KIND, HAS_CHILDREN = 0, 2, 4


class CannotCompile(RuntimeError):
    """There is no native code, and why: no compiler here, another machine, or what the compiler says."""


def compiler() -> list[str]:
    """The command of a C compiler for this machine. Raises CannotCompile."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise CannotCompile("native code is made for Linux on x86-64 only")
    found = next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)
    if found:
        return [found, NO_LOOP_IS_MEMSET]
    if find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-musl"]
    raise CannotCompile("no C compiler was found (cc, gcc, clang, or the Python package ziglang)")


def module(source: str, name: str, folder: Path) -> Path:
    """The folder with NAME.mpy in it, whose one function NAME is the entry of the C text `source`; made once for each text.

    Raises CannotCompile.
    """
    command = [*compiler(), *FLAGS, *ALONE]
    place = folder / digest(*command, source)
    target = place / f"{name}.mpy"
    if not target.exists():
        place.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f"{name}.{os.getpid()}")
        fresh.write_bytes(container(name, machine_code(source, name, command)))
        fresh.replace(target)
    return place


def digest(*texts: str) -> str:
    """A name for what is made of these texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def machine_code(source: str, entry: str, command: list[str]) -> bytes:
    """Position-independent code that begins with a jump to `entry`. Raises CannotCompile."""
    with tempfile.TemporaryDirectory() as folder:
        text, made = Path(folder, "stages.c"), Path(folder, "stages.o")
        text.write_text(source)
        done = subprocess.run([*command, "-c", str(text), "-o", str(made)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotCompile(f"{' '.join(command[:1])}: {done.stderr.strip()}")
        return _text_section(made.read_bytes(), entry)


def _text_section(elf: bytes, entry: str) -> bytes:
    """The one section of code of an ELF object file for x86-64, with a jump to `entry` before it."""
    (start,) = struct.unpack_from("<Q", elf, 40)
    size, count, names_at = struct.unpack_from("<HHH", elf, 58)
    # name, type, flags, address, offset, size, link, info, alignment, size of an entry
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, start + size * i) for i in range(count)]

    def string(table: int, at: int) -> str:
        begin = sections[table][4] + at
        return elf[begin : elf.index(b"\0", begin)].decode()

    named = {string(names_at, s[0]): (i, s) for i, s in enumerate(sections)}
    more = [n for n, (_, s) in named.items() if s[2] & ALLOCATED and s[5] and n != ".text" and not n.startswith(".note")]
    more += [n for n, (_, s) in named.items() if s[1] in RELOCATIONS and n.endswith(".text") and s[5]]
    if more:
        raise CannotCompile(f"the compiler made {', '.join(more)}: code for MicroPython is one section without relocations")
    number, text = named[".text"]
    table = next(s for s in sections if s[1] == SYMBOLS)
    symbols = [struct.unpack_from("<IBBHQQ", elf, at) for at in range(table[4], table[4] + table[5], 24)]
    value = next(s[4] for s in symbols if s[3] == number and string(table[6], s[0]) == entry)
    jump = b"\xe9" + struct.pack("<i", value + 11)  # from the end of this instruction to behind the filling
    return jump.ljust(16, b"\x90") + elf[text[4] : text[4] + text[5]]


def container(name: str, code: bytes) -> bytes:
    """A .mpy file (docs.micropython.org, ".mpy files") of a module that is one viper function `name`."""
    strings = b"".join(_number(len(s) << 1) + s.encode() + b"\0" for s in (f"{name}.py", "<module>", name))
    outer = _number(len(BYTECODE) << 3 | HAS_CHILDREN | BYTECODE_KIND) + BYTECODE + _number(1)
    return MPY_HEADER + _number(3) + _number(0) + strings + outer + _number(len(code) << 3 | VIPER_KIND) + code + _number(0)


def _number(value: int) -> bytes:
    """As .mpy files have it: seven bits a byte, the highest first."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | value & 0x7F)
    return bytes(reversed(out))
