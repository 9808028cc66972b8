"""The steps of PIO's state machines that the emulator's own loop makes in C are rp2040py's, with every register and due time."""

import random
from typing import Any

FIELDS = ("x", "y", "pc", "input_shift_reg", "input_shift_count", "output_shift_reg", "output_shift_count", "cycles", "next_due_fp",
          "div_fp", "exec_ctrl", "shift_ctrl", "pin_ctrl", "enabled", "waiting")  # fmt: skip
OF_BLOCK = ("cycle_fp", "next_due_fp", "backlog_drops", "pin_values", "pin_directions", "old_pin_values", "old_pin_directions")
WORDS = (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
OPCODES = 0x10000


def state(pio: Any) -> list[Any]:
    return [[getattr(machine, name) for name in FIELDS] for machine in pio.machines] + [getattr(pio, name) for name in OF_BLOCK]


def put(pio: Any, before: list[Any]) -> None:
    for machine, values in zip(pio.machines, before, strict=False):
        for name, value in zip(FIELDS, values, strict=True):
            setattr(machine, name, value)
    for name, value in zip(OF_BLOCK, before[len(pio.machines) :], strict=True):
        setattr(pio, name, value)


def drawn(pio: Any, rng: random.Random, at: int) -> list[Any]:
    """One machine that is due, sometimes late beyond what is made up for; sometimes a second one beside it."""
    for number, machine in enumerate(pio.machines):
        machine.x, machine.y, machine.input_shift_reg, machine.output_shift_reg = (
            rng.choice((*WORDS, rng.getrandbits(32))) for _ in range(4)
        )
        machine.input_shift_count, machine.output_shift_count = rng.randrange(33), rng.randrange(33)
        machine.pc, machine.cycles, machine.waiting = rng.randrange(32), 0, False
        machine.enabled = number == 0 or (number == 1 and rng.random() < 0.2)
        machine.div_fp, machine.next_due_fp = rng.choice((256, 1024, 16000)), at + rng.randrange(-16 << 8, 3 << 8)
        machine.exec_ctrl = rng.choice((0, 1 << 30)) | rng.randrange(30) << 24 | rng.getrandbits(10) << 7
        machine.shift_ctrl = rng.getrandbits(4) << 18 & 0xC0000 | rng.choice((0, 0, 0, 1, 2)) << 16 | rng.getrandbits(10) << 20
        machine.pin_ctrl = rng.choice((0, 0, 1, 2)) << 29 | rng.getrandbits(20)
    pio.pin_values = pio.old_pin_values = rng.choice((0, 0, rng.getrandbits(30), 0x3FFFFFFF))
    pio.stopped, pio.cycle_fp = False, at
    pio.recompute_due()
    return state(pio)


def test_every_opcode_leaves_registers_counts_and_due_times_as_rp2040py_does(chip: tuple[Any, Any]) -> None:
    mcu, loop = chip
    rng, made, kinds = random.Random(1), 0, set()
    pio, at = mcu.pio[0], 1 << 30
    for opcode in range(OPCODES):
        if not opcode % 64:
            for pin in mcu.gpio:
                pin.ctrl, pin.pad_value = rng.choice((0, 6)) | rng.choice((0, 0, 1, 2, 3)) << 16, rng.getrandbits(7) | 0x40
                pin.set_input_value(rng.random() < 0.5)
                if rng.random() < 0.3:
                    pin.release_input()
        for place in range(32):
            pio.write_uint32(0x48 + 4 * place, opcode)
        before, cycles = drawn(pio, rng, at), rng.randrange(1, 4)
        if not loop.machines_make(cycles):
            assert state(pio) == before, f"{opcode:#x} is left to rp2040py with something done"
            continue
        ours = state(pio)
        put(pio, before)
        pio.advance(cycles)
        assert state(pio) == ours, f"{opcode:#x} {before}"
        made += 1
        if before != ours and ours[0][7]:
            kinds.add(opcode >> 13)
    assert made > 10000 and kinds == {0, 2, 3, 5}


def test_a_pin_that_waits_to_be_told_and_a_block_that_stands_still_are_left_alone(chip: tuple[Any, Any]) -> None:
    mcu, loop = chip
    mcu.pio[0].stopped = True
    pio, rng = mcu.pio[1], random.Random(2)
    for place in range(32):
        pio.write_uint32(0x48 + 4 * place, 0)  # jmp 0
    before = drawn(pio, rng, 1 << 30)
    pio.stopped = True
    assert loop.machines_make(200) and state(pio) == before
    pio.stopped, pio.pin_values = False, pio.pin_values ^ 1
    before = state(pio)
    assert not loop.machines_make(200) and state(pio) == before
    pio.stopped, pio.pin_values = True, 0
