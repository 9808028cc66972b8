"""The collector of the running image, seen in its memory: what is in use, whether it collects now, and how to provoke it.

MicroPython keeps its state in one structure (py/mpstate.h); the image's own symbol table says where. Looking costs the chip
nothing.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SRAM = 0x20000000
BLOCK = 16
LOCK_DEPTH = 8  # mp_state_thread_t: stack_top, stack_limit, gc_lock_depth
COLLECTING = 1
STATE_BYTES = 2048
STACK_BYTES = 4 + 64 * 2  # gc_stack_overflow, gc_block_stack
USED = bytes(sum(1 for shift in (0, 2, 4, 6) if byte >> shift & 3) for byte in range(256))  # blocks in use in a byte of the table


def symbols(elf: Path) -> dict[str, int]:
    """Names and addresses of a 32-bit little-endian ELF file."""
    data = elf.read_bytes()
    at, size, count = struct.unpack_from("<I", data, 32)[0], *struct.unpack_from("<HH", data, 46)
    sections = [struct.unpack_from("<10I", data, at + n * size) for n in range(count)]
    table = next(s for s in sections if s[1] == 2)  # SHT_SYMTAB
    names = sections[table[6]][4]
    found = {}
    for entry in range(table[4], table[4] + table[5], 16):
        name, value = struct.unpack_from("<II", data, entry)
        found[data[names + name : data.index(b"\0", names + name)].decode()] = value
    return found


@dataclass
class Collection:
    began_ns: float
    ended_ns: float
    used_before: int
    used_after: int

    @property
    def ms(self) -> float:
        return (self.ended_ns - self.began_ns) / 1e6


class Heap:
    """`look()` at least once a tick; collections are then known to a tick."""

    def __init__(self, mcu: Any, elf: Path) -> None:
        found = symbols(elf)
        self._memory = mcu.sram
        self._lock = found["mp_state_ctx"] - SRAM + LOCK_DEPTH
        start = found["mp_state_ctx"] - SRAM
        state = bytes(self._memory[start : start + STATE_BYTES])
        area = state.find(struct.pack("<I", found["__GcHeapStart"]))  # gc_alloc_table_start
        if area < 0:
            raise RuntimeError("the collector's state was not found: is the heap set up yet?")
        self._table = found["__GcHeapStart"] - SRAM
        self._table_bytes = struct.unpack_from("<I", state, area + 4)[0]
        self.size = self._table_bytes * 4 * BLOCK
        pool_start, pool_end = struct.unpack_from("<II", state, area + 12)
        if pool_end - pool_start != self.size:
            raise RuntimeError("the collector's state is laid out otherwise than this bench knows")
        self._amount = start + area + 28 + STACK_BYTES + 4
        self.collections: list[Collection] = []
        self._began: tuple[float, int] | None = None

    @property
    def collecting(self) -> bool:
        return bool(self._memory[self._lock] & COLLECTING)

    def used(self) -> int:
        """Bytes in use, garbage included."""
        table = bytes(self._memory[self._table : self._table + self._table_bytes])
        return BLOCK * sum(table.translate(USED))

    def provoke(self) -> None:
        """The next allocation collects first: its threshold counts as reached."""
        self._memory[self._amount : self._amount + 4] = b"\xff\xff\xff\xff"

    def look(self, now_ns: float) -> None:
        if self.collecting:
            if self._began is None:
                self._began = (now_ns, self.used())
        elif self._began is not None:
            began, before = self._began
            self.collections.append(Collection(began, now_ns, before, self.used()))
            self._began = None
