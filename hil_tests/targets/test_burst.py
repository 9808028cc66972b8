"""The instructions that the emulator's own loop executes in C are rp2040py's, opcode by opcode, with every flag and cycle."""

import random
import struct
from typing import Any

RAM, FLASH, SIO = 0x20000000, 0x10000000, 0xD0000000
CODE, WINDOW, SIZE = 0x20001000, 0x20008000, 0x1000
EDGES = (0, 1, 2, 31, 32, 33, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
DIVIDER = range(0x60, 0x7C, 4)


def some(rng: random.Random) -> int:
    """A register: an edge, anything, or an address in the middle of the window, in flash, in ROM, at the divider."""
    kind = rng.randrange(10)
    if kind < 3:
        return rng.choice(EDGES)
    if kind < 5:
        return rng.getrandbits(32)
    at = rng.randrange(0, 0x400, 4) + rng.choice((0, 0, 0, 0, 1, 2))
    return (WINDOW + 0x600, WINDOW + 0x800, FLASH, 0, SIO)[kind - 5] + at


def state(core: Any) -> tuple[Any, ...]:
    return (*core.registers, core.n, core.z, core.c, core.v, core.cycles, core.current_mode)


def put(mcu: Any, before: tuple[Any, ...], memory: bytes) -> None:
    core = mcu.core
    for number, value in enumerate(before[:16]):
        core.registers[number] = value
    core.n, core.z, core.c, core.v, core.cycles, core.current_mode = before[16:]
    mcu.sram[WINDOW - RAM : WINDOW - RAM + SIZE] = memory


def test_every_opcode_leaves_registers_flags_memory_and_cycles_as_rp2040py_does(chip: tuple[Any, Any]) -> None:
    mcu, loop = chip
    rng, done = random.Random(1), 0
    mcu.flash[: 4 * SIZE] = rng.randbytes(4 * SIZE)
    memory = rng.randbytes(SIZE)
    for opcode in range(0x10000):
        registers = [some(rng) for _ in range(16)]
        registers[13], registers[15] = WINDOW + 0x400 + 4 * rng.randrange(64), CODE + rng.randrange(4)
        before = (*registers, *(rng.random() < 0.5 for _ in range(4)), 0, int(rng.random() < 0.1))
        struct.pack_into("<HH", mcu.sram, (registers[15] & ~1) - RAM, opcode, rng.getrandbits(16) | rng.choice((0, 0xD000)))
        put(mcu, before, memory)
        cycles = loop.one()
        ours, wrote = state(mcu.core), bytes(mcu.sram[WINDOW - RAM : WINDOW - RAM + SIZE])
        if not cycles:
            assert ours == before and wrote == memory, f"{opcode:#x} is left to rp2040py with something done"
            continue
        done += 1
        put(mcu, before, memory)
        assert (mcu.core.execute_instruction(), state(mcu.core)) == (cycles, ours), f"{opcode:#x} {before}"
        assert bytes(mcu.sram[WINDOW - RAM : WINDOW - RAM + SIZE]) == wrote, f"{opcode:#x}"
    assert done > 35000  # of the rest many reach what is no memory here, or are no instructions


def test_divider_gives_what_rp2040pys_gives(chip: tuple[Any, Any]) -> None:
    from rp2040py.sio import RPSIO

    mcu, loop = chip
    theirs, rng = RPSIO(mcu), random.Random(2)
    loop.reset_sio()
    for _ in range(20000):
        offset = rng.choice(DIVIDER)
        if rng.random() < 0.5 and offset != 0x78:
            value = some(rng)
            before = mcu.core.cycles
            theirs.write_uint32(offset, value)
            took, before = mcu.core.cycles - before, mcu.core.cycles
            loop.write_sio(offset, value)
            assert mcu.core.cycles - before == took
        else:
            assert loop.read_sio(offset) == int(theirs.read_uint32(offset)) & 0xFFFFFFFF, hex(offset)
