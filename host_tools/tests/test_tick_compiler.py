"""What the compiled stages do is, word for word, what their Python does; what can't be translated is told."""

import ctypes
import random
import shutil
import subprocess
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from random_ticks import RING, configured, meet
from stackpress import tick_compiler
from stackpress_core.tick import blackboard
from stackpress_core.tick.tick import tick as python_tick
from stackpress_plant import faults, load
from stackpress_plant.plant import Plant, words_of
from stackpress_plant.step import step as python_step
from stackpress_sim import truth, watch

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
COMPILER = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), "")
needs_a_compiler = pytest.mark.skipif(not COMPILER, reason="no C compiler on this machine")

WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unused-but-set-variable")  # a register may be read for the reading alone
Code = Callable[..., None]


def compiled(text: str, folder: Path, name: str = "tick") -> Code:
    """A function of C text; it takes arrays."""
    source, library = folder / "stages.c", folder / f"{name}.so"
    source.write_text(text)
    command = [COMPILER, *tick_compiler.FLAGS, *WARNINGS, "-O2", "-shared", "-fPIC", str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    code = getattr(ctypes.CDLL(str(library)), name)

    def call(*arrays: Any) -> None:
        code(*[(ctypes.c_char * (len(a) * (a.itemsize if isinstance(a, array) else 1))).from_buffer(a) for a in arrays])

    return call


def core() -> list[tick_compiler.Stage]:
    return tick_compiler.read_order(FIRMWARE / "stackpress_core" / "tick" / "tick.py", "tick", roots=(FIRMWARE,))


def plant_stage() -> tick_compiler.Stage:
    return tick_compiler.read(ROOT / "boards" / "stackpress_plant" / "step.py", "step")


@needs_a_compiler
@pytest.mark.parametrize("kind", [blackboard.KIND_NONE, blackboard.KIND_REGULATOR, blackboard.KIND_FILL_VENT])
def test_compiled_tick_gives_every_word_of_blackboard_and_ring_that_python_gives(kind: int, tmp_path: Path) -> None:
    tick = compiled(tick_compiler.c_source("tick", core()), tmp_path)
    for seed in range(3):
        chance = random.Random(seed)
        wanted, ring, found_ring = configured(chance, kind), bytearray(RING), bytearray(RING)
        for n in range(1500):
            meet(wanted, chance, n)
            found = array("i", wanted)
            python_tick(wanted, ring)
            tick(found, found_ring)
            assert found == wanted and found_ring == ring, (seed, n)


@needs_a_compiler
@pytest.mark.parametrize("plant", ["nominal", "fill_vent"])
@pytest.mark.parametrize("specimen", ["pellet_cell", "lithium_foil", "brittle_pellet"])
def test_compiled_plant_gives_every_word_that_python_gives(plant: str, specimen: str, tmp_path: Path) -> None:
    step = compiled(tick_compiler.c_source("step", [plant_stage()]), tmp_path, "step")
    spec = load.plant(plant, specimen)
    spec["specimen"]["gap_nm"] = 20000
    truth = Plant(spec, 1000, 3, words_of(blackboard.AT))
    chance = random.Random(plant + specimen)
    wanted, P = blackboard.new(), truth.P
    for n in range(3000):
        if n % 50 == 0:
            wanted[blackboard.AT["CODE"]] = chance.choice((0, 65535, chance.randrange(65536)))
            wanted[blackboard.AT["VALVE"]] = chance.choice((12, 13, 13, 14, 12, chance.randrange(16)))
        if n % 400 == 399:
            name = chance.choice([row[0] for row in faults.FAULTS])
            truth.fault(name, 2) if chance.random() < 0.5 else truth.clear()
        found, found_P = array("i", wanted), array("i", P)
        python_step(wanted, P)
        step(found, found_P)
        assert found == wanted and found_P == P, n


@needs_a_compiler
def test_compiled_truth_and_watch_give_every_word_and_letter_that_python_gives(tmp_path: Path) -> None:
    room = Path(truth.__file__).parent
    found = [plant_stage(), tick_compiler.read(room / "truth.py", "look"), tick_compiler.read(room / "watch.py", "look")]
    tick = compiled(tick_compiler.c_source("tick", found, {"S": "blackboard", "P": "plant"}), tmp_path)
    spec = load.plant("nominal", "brittle_pellet")
    spec["specimen"]["gap_nm"] = 20000
    chance, plant, s = random.Random(7), Plant(spec, 1000, 3, words_of(blackboard.AT)), blackboard.new()
    s[blackboard.AT["HZ"]], s[blackboard.AT["VALVE"]], wanted, w, rows = 1000, 12, truth.Truth(None), watch.Watch().words, 0
    for n in range(3000):
        for name in ("CODE", "T_SUB", "SET", "RANGE", "STATE", "REACHED") if n % 50 == 0 else ():
            s[blackboard.AT[name]] = chance.choice((0, 1, 65535))
        t, text, compiled_watch, P = (array(a.typecode, a) for a in (wanted.words, array("B", wanted.text), w, plant.P))
        found_s = array("i", s)
        python_step(s, plant.P)
        truth.look(s, plant.P, wanted.words, wanted.text, w)
        watch.look(s, w)
        tick(found_s, P, t, text, compiled_watch)
        assert (found_s, P, t, compiled_watch) == (s, plant.P, wanted.words, w) and bytes(text) == bytes(wanted.text), n
        if w[0]:
            rows += wanted.words[truth._AT] // 70
            wanted.flush()
            watch.arm(s, w)
    assert rows > 100


@needs_a_compiler
@pytest.mark.parametrize("line", [
    "s[4] = s[0] // (s[1] | 1)", "s[4] = (s[0] >> 3) * s[1] + (s[2] & 4095) - (s[3] >> 7)", "s[4] = s[0] << (s[1] & 7)",
    "s[4] = 0x12345 - s[0] ^ s[1] | 0x7F0000", "s[4] = s[0] if s[1] > s[2] else 0 - s[3]", "s[4] = s[s[0] & 3]",
    "s[(s[0] & 1) + 4] = s[1] + 300 - s[2] * 1000", "s[4] = 1 if s[0] < -5 and not s[1] >= s[2] or s[3] == 7 else 2",
    "s[4] = (s[0] & 0x40 != 0) + 2 if s[1] & 0x101 else (s[2] >> 4 & 1) + 5", "r[s[0] & 7] = s[1]; s[4] = r[2] + r[s[2] & 7]",
    "s[4] = ~s[0] - -s[1]; s[5] ^= s[4]; s[6] <<= 2", "b[s[0] & 31] = s[1]; s[4] = b[s[2] & 31] - b[3]",
    "s[4] = 0x80000000 - s[0]; s[5] = 0x80000000 ^ s[1]", "s[4] = s[0] - (s[1] - s[2]) - s[3] * (s[1] + 1) * 2",
])  # fmt: skip
def test_one_statement_is_computed_as_32_bits_that_wrap(line: str, tmp_path: Path) -> None:
    code = compiled(tick_compiler.c_source("one", [one_stage(tmp_path, line)]), tmp_path, "one")
    chance = random.Random(line)
    for _ in range(200):
        reach = chance.choice((10, 5000, 1 << 29))
        s = array("i", [chance.randrange(-reach, reach) for _ in range(16)])
        found, ring = array("i", s), bytearray(range(64))
        space = {"s": Words(s, 32), "r": Words(memoryview(ring).cast("H"), 16), "b": Words(ring, 8)}
        exec(line, space)
        code(found, bytearray(range(64)))
        assert list(found) == space["s"], list(s)


class Words(list[int]):
    """What a chip keeps of a number: the lower bits, with their sign where there are 32."""

    def __init__(self, values: Any, bits: int) -> None:
        super().__init__(values)
        self.top = 1 << bits
        self.low = -self.top // 2 if bits == 32 else 0

    def __setitem__(self, at: Any, value: Any) -> None:
        super().__setitem__(at, (int(value) - self.low) % self.top + self.low)


def one_stage(folder: Path, line: str) -> tick_compiler.Stage:
    path = folder / "one.py"
    body = "\n".join("    " + part for part in ["s = ptr32(S)", "r = ptr16(R)", "b = ptr8(R)", *line.split("; ")])
    path.write_text(f"import micropython\n\n\n@micropython.viper\ndef one(S, R):\n{body}\n")
    return tick_compiler.read(path, "one")


@needs_a_compiler
def test_division_by_zero_gives_zero_and_stops_nothing(tmp_path: Path) -> None:
    stage = one_stage(tmp_path, "s[2] = s[0] // s[1]; r[0] = s[2]; b[0] = 1")
    code = compiled(tick_compiler.c_source("one", [stage]), tmp_path, "one")
    for a, b, wanted in ((7, 0, 0), (-(1 << 31), -1, -(1 << 31)), (-7, 2, -4), (7, -2, -4), (-8, 2, -4)):
        s = array("i", [a, b, 99])
        code(s, bytearray(8))
        assert s[2] == wanted


def two_stages(folder: Path, called: str = "part(S, i, s[1] - 3)") -> Path:
    path = folder / "two.py"
    path.write_text("def two(S):\n    s = ptr32(S)\n    i = 0\n    while i < 4:\n        " + called + "\n        i += 1\n\n\n"
                    "def part(S, i: int, more: int):\n    s = ptr32(S)\n    s[4 + i] = s[i] * more\n")  # fmt: skip
    return path


@needs_a_compiler
def test_a_stage_gives_another_whole_numbers_beside_its_arrays(tmp_path: Path) -> None:
    code = compiled(tick_compiler.c_source("two", [tick_compiler.read(two_stages(tmp_path), "two")]), tmp_path, "two")
    s = array("i", [5, 10, -7, 1 << 30, 0, 0, 0, 0])
    code(s)
    assert list(s[4:]) == [35, 70, -49, -(1 << 30)]  # 7 << 30, as 32 bits have it


def test_an_array_where_a_number_belongs_is_told_and_a_stage_of_the_tick_takes_arrays_alone(tmp_path: Path) -> None:
    for called, wrong in (("part(S, S, 3)", "'S'"), ("part(S, i)", "takes 3 arguments")):
        with pytest.raises(tick_compiler.CannotTranslate, match=wrong):
            tick_compiler.c_source("two", [tick_compiler.read(two_stages(tmp_path, called), "two")])
    with pytest.raises(tick_compiler.CannotTranslate, match="part stands in the order of the tick: its arguments are arrays"):
        tick_compiler.c_source("two", [tick_compiler.read(two_stages(tmp_path), "part")])


def test_registers_are_volatile_and_the_blackboard_is_not(tmp_path: Path) -> None:
    path = tmp_path / "chip.py"
    path.write_text("def chip(blackboard):\n    s = ptr32(blackboard)\n    m = ptr32(_BASE)\n    p = ptr32(m[_PIO])\n    w = p[8]\n"
                    "    s[0] = ptr32(m[_TIMER])[10]\n    while p[1] & 1:\n        w = p[8]\n")  # fmt: skip
    text = tick_compiler.c_source("chip", [tick_compiler.read(path, "chip", {"_BASE": 0xD0000000, "_PIO": 2, "_TIMER": 3})])
    assert "    int32_t *s;" in text and "volatile int32_t *m;" in text and "volatile int32_t *p;" in text
    assert "m = (volatile int32_t *)(uintptr_t)(uint32_t)((int32_t)0xd0000000u);" in text
    assert "s[0] = ((volatile int32_t *)(uintptr_t)(uint32_t)(m[3]))[10];" in text


@pytest.mark.parametrize(("line", "wrong"), [
    ("s[0] = abs(s[1])", "'abs'"), ("s[0] = s[1] % 3", "s[1] % 3"), ("s[0] = x", "'x'"), ("return s[0]", "without a value"),
    ("for i in range(3): s[i] = 0", "'range'"), ("for i in s: s[0] = i", "for i in s"), ("s[0] = s[1] or s[2]", "s[1] or s[2]"),
    ("s[0] = 1 < s[1] < 3", "a < b and b < c"), ("s[0] = 1.5", "1.5"), ("short = 1", "word of C"), ("s[0] = S", "'S'"),
    ("s[0] //= 3", "a = a // b"), ("s[0] = 1 << 40; s[1] = 0x123456789", "4886718345"), ("s = 3", "pointer"),
])  # fmt: skip
def test_what_is_not_known_is_told_with_file_and_line(line: str, wrong: str, tmp_path: Path) -> None:
    with pytest.raises(tick_compiler.CannotTranslate) as told:
        tick_compiler.c_source("one", [one_stage(tmp_path, line)])
    text = str(told.value)
    assert wrong in text and text.startswith(f"{tmp_path / 'one.py'}:") and "\n" not in text
