"""The machine code of the tick does, word for word, what the stages say: run on the emulated core, compared with Python."""

import random
from array import array
from pathlib import Path
from typing import Any

import micropython
import pytest
from stackpress_core import params, tuning
from stackpress_core.tick import words

from boards.images import fuse
from boards.thumb import compiler
from boards.thumb.simplify import CannotCompile
from hil_tests.targets.routine import FIXED, Routine, machine_code

FIRMWARE = Path(__file__).parents[1] / "firmware"
CORE = FIRMWARE / "stackpress_core" / "tick"
ON_CHIP = [f"s = ptr32(ptr32({FIXED})[0])", f"r = ptr16(ptr32({FIXED})[1])"]
RING = 1600
SPACE = {"ptr32": micropython.ptr32, "ptr16": micropython.ptr16}
# What may be found in a word that anything in the press can have left there, and how far it may be off.
LEFT_OVER = ("SET", "SET_RATE", "DRIVE", "PROPOSED", "INTEGRAL", "REVERSAL", "FILTER", "PEAK", "RANGE_BIAS", "PULSE",
             "REACHED", "DISPLACEMENT", "APPROACH_REM", "WANTED_RATE", "T_SUB", "CONTACT_TICKS", "SPEED", "RAMP_ALLOWED",
             "SIG_OVERRUN")  # fmt: skip


def in_python(lines: list[str], argument: str) -> Any:
    text = fuse.module("tick", argument, lines).replace("@micropython.viper\n", "")
    space: dict[str, Any] = dict(SPACE)
    exec(compile(text, "tick", "exec"), space)
    return space["tick"]


def on_the_core(lines: list[str], folder: Path, words: int, fixed: dict[int, int] | None = None) -> Routine:
    source = folder / "tick_code.py"
    source.write_text(compiler.module(fuse.module("tick", "_", [*ON_CHIP, *lines]), fixed))
    return Routine(machine_code(source), words)


def disturbed(chance: random.Random, n: int) -> dict[str, int]:
    """What the tick finds this time: samples, switches, orders, and now and then a state that nobody expects."""
    found = {"STATUS": chance.choice((0, 1, 1, 1, 1, 1, 3, 5))}
    found["INPUTS"] = words.IN_HEALTHY if chance.random() < 0.98 else chance.randrange(4096)
    if chance.random() < 0.05:
        found.update(CMD_STATE=chance.randrange(8), CMD_MODE=chance.choice((0, 1, 2, 2, 2, 3, 4)), CMD_SEQ=n,
                     CMD_TARGET=chance.randrange(100000), CMD_RATE=65536 * chance.choice((1, 20)),
                     CMD_CORNER=chance.choice((600, 6000)), CMD_LANDING=chance.choice((60, 600)))  # fmt: skip
    if chance.random() < 0.03:
        found.update(STATE=chance.randrange(8), MODE=chance.randrange(5), REACTION=chance.randrange(5), LATCHED=0,
                     TRIP_TICKS=chance.randrange(3), LANDING=60)  # fmt: skip
    if chance.random() < 0.05:
        found[chance.choice(LEFT_OVER)] = chance.randrange(-50000, 50000)
    if chance.random() < 0.02:
        found.update(BANK_WANTED=chance.randrange(2), TRIGGER=chance.randrange(2), K_KIND=chance.randrange(3))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_machine_code_of_the_tick_is_the_tick(seed: int, tmp_path: Path) -> None:
    lines = fuse.core(CORE)
    wanted = in_python(["s = ptr32(frame)", "r = ptr16(ring)", *lines], "frame, ring")
    chip = on_the_core(lines, tmp_path, words.LENGTH, fuse.fixed_words(FIRMWARE))
    chance, ring, s = random.Random(seed), bytearray(RING), words.new()
    tuning.compile_frame(s, params.Values(), None, None)
    s[words.AT["RING_LEN"]], s[words.AT["RING_LEFT"]], s[words.AT["FIRST"]] = RING // 14, -1, -1
    s[words.AT["K_HIGH_MASK"]], s[words.AT["K_LOW_MASK"]] = chance.choice(((15, 0), (7, 8), (3, 12)))
    for n in range(1500):
        for name, value in disturbed(chance, n).items():
            s[words.AT[name]] = value
        span = chance.choice((8000, 400000, 8388607))
        s[0:4] = array("i", [chance.randrange(-span, span) if chance.random() < 0.9 else s[i] for i in range(4)])
        chip.put(s, ring)
        wanted(s, ring)
        chip.run()
        assert chip.frame() == list(s) and chip.ring(RING) == ring, n


def test_fixed_words_are_what_every_configuration_gives() -> None:
    chance, fixed = random.Random(5), fuse.fixed_words(FIRMWARE)
    for _ in range(20):
        s = words.new()
        values = params.Values({"tick_rate_hz": chance.choice((200, 1000, 4000, 8000)), "storage_reaction": chance.choice((0, 3))})
        tuning.compile_frame(s, values, None, None)
        assert {word: s[word] for word in fixed} == fixed


@pytest.mark.parametrize(
    "line",
    [
        "s[4] = s[0] // (s[1] | 1)", "s[4] = (s[0] >> 3) * s[1] + (s[2] & 4095) - (s[3] >> 7)", "s[4] = s[0] << (s[1] & 7)",
        "s[4] = 0x12345 - s[0] ^ s[1] | 0x7F0000", "s[4] = s[0] if s[1] > s[2] else 0 - s[3]", "s[4] = s[s[0] & 3]",
        "s[(s[0] & 1) + 4] = s[1] + 300 - s[2] * 1000", "s[4] = 1 if s[0] < -5 and not s[1] >= s[2] or s[3] == 7 else 2",
        "s[4] = (s[0] & 0x40 != 0) + 2 if s[1] & 0x101 else (s[2] >> 4 & 1) + 5", "r[s[0] & 7] = s[1]; s[4] = r[2] + r[s[2] & 7]",
    ],
)  # fmt: skip
def test_one_statement_is_computed_as_32_bits_that_wrap(line: str, tmp_path: Path) -> None:
    chip = on_the_core(["# a.statement", *line.split("; ")], tmp_path, 16)
    chance = random.Random(line)
    for _ in range(200):
        reach = chance.choice((10, 5000, 1 << 29))
        s = array("i", [chance.randrange(-reach, reach) for _ in range(16)])
        chip.put(s, bytes(range(64)))
        ring = array("H", bytes(range(64)))
        space = {"s": Wrapping(s), "r": Halves(ring)}
        exec(line, space)
        chip.run()
        assert chip.frame() == list(space["s"]), list(s)


class Wrapping(list[int]):
    def __setitem__(self, at: Any, value: Any) -> None:
        super().__setitem__(at, ((int(value) + (1 << 31)) & 0xFFFFFFFF) - (1 << 31))


class Halves(list[int]):
    def __setitem__(self, at: Any, value: Any) -> None:
        super().__setitem__(at, int(value) & 0xFFFF)


def test_a_loop_that_ends_when_a_word_says_so_stays_a_loop(tmp_path: Path) -> None:
    loop = ["while n < s[0]:", "    n += 1", "    if n == s[1]:", "        break", "    s[2] += n"]
    lines = ["# a.loop", "n = 0", *loop, "s[3] = n"]
    chip = on_the_core(lines, tmp_path, 8)
    for turns, end in ((0, 0), (5, 0), (40, 7), (3, 3)):
        chip.put([turns, end, 100, 0, 0, 0, 0, 0])
        chip.run()
        n = total = 0
        while n < turns:
            n += 1
            if n == end:
                break
            total += n
        assert chip.frame()[2:4] == [100 + total, n]


@pytest.mark.parametrize("line", ["s[0] = abs(s[1])", "s[0] = s[1] % 3", "s[0] = len(s)", "s[0] = x"])
def test_what_the_compiler_does_not_know_it_refuses(line: str) -> None:
    with pytest.raises(CannotCompile):
        compiler.module(fuse.module("tick", "_", [*ON_CHIP, "# a.statement", line]))


def test_the_tick_calls_nothing_but_its_own_division() -> None:
    """So it can't allocate or raise, and may be the processor's own interrupt handler."""
    text = compiler.module(fuse.module("tick", "_", [*ON_CHIP, *fuse.core(CORE)]), fuse.fixed_words(FIRMWARE))
    lines = [line.strip() for line in text.split("def tick(r0):\n")[1].splitlines()]
    labels = {line[6:-1] for line in lines if line.startswith("label(")}
    calls = {line[3:-1] for line in lines if line.startswith("bl(")}
    assert "divide" in calls <= labels  # the others are branches that reach far
    assert not [line for line in lines if line.startswith(("blx", "svc", "data(4"))]
