"""The chips' code of the tick does, word for word, what the stages say: run on a core by itself, compared with Python."""

import random
import shutil
import struct
from array import array
from pathlib import Path
from typing import Any

import pytest
from random_ticks import RING, configured, meet
from stackpress import tick_compiler
from stackpress_core.tick import blackboard
from stackpress_core.tick.tick import tick as python_tick
from stackpress_plant import load
from stackpress_plant.plant import Plant, words_of
from stackpress_plant.step import step as python_step

from boards.images import sources, tick
from boards.images.board_data import board_data
from hil_tests.targets import machine_code
from hil_tests.targets.machine_code import FIXED, MODELS, Core
from hil_tests.witness import ticks

CORES = sorted(MODELS)


def test_machine_without_a_compiler_says_in_one_line_which_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_code.shutil, "which", lambda name: None)
    monkeypatch.setattr(machine_code, "find_spec", lambda name: None)
    with pytest.raises(sources.CannotBuild, match="^no compiler for the chip's code: apt-get install .*, or pip install ziglang$"):
        machine_code.compiler("cortex-m0plus")


@pytest.fixture(scope="module", params=CORES)
def core(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Core:
    """The stages of the press and nothing of a chip, on a core."""
    found = tick_compiler.read_order(tick.CORE / "tick.py", "tick", roots=tick.ROOTS)
    return on_a_core(request.param, found, tmp_path_factory.mktemp(request.param))


def on_a_core(name: str, found: list[tick_compiler.Stage], folder: Path, models: Any = MODELS) -> Any:
    try:
        machine_code.compiler(name)
    except sources.CannotBuild as reason:
        pytest.skip(str(reason))
    return models[name](machine_code.compiled(tick.with_handler(found, FIXED), name, folder))


def blackboard_of(core: Core) -> Any:
    return array("i", core.get("blackboard", 4 * blackboard.LENGTH))


@pytest.mark.parametrize("seed", range(8))
def test_machine_code_of_the_tick_is_the_tick(seed: int, core: Core) -> None:
    chance, ring = random.Random(seed), bytearray(RING)
    s = configured(chance)
    core.put("ring", ring)
    for n in range(1500):
        meet(s, chance, n)
        core.put("blackboard", s)
        python_tick(s, ring)
        core.run()
        assert blackboard_of(core) == s and core.get("ring", RING) == ring, n


def test_code_for_the_small_core_does_the_same_on_another_and_needs_nothing_that_the_chip_lacks(tmp_path: Path) -> None:
    found = tick_compiler.read_order(tick.CORE / "tick.py", "tick", roots=tick.ROOTS)
    core, executed = on_a_core("cortex-m0plus", found, tmp_path, machine_code.INDEPENDENT), dict[int, bytes]()
    core.executed(executed)
    assert ticks.differing(core, seed=20, count=150) == 0
    assert len(executed) > 1000 and not any(machine_code.lacking(one) for one in executed.values())


@pytest.mark.parametrize(("text", "lacks"), [
    ("b0fbf1f2", True), ("a0fb0123", True), ("08bf", True), ("80b1", True), ("01bb", True), ("4ff00100", True),
    ("00bf", False), ("10bf", False), ("00b5", False), ("00bd", False), ("c0b2", False), ("72b6", False), ("00ba", False),
    ("fff7fefe", False), ("bff34f8f", False), ("80f30888", False), ("eff30580", False), ("0048", False),
])  # fmt: skip
def test_what_a_small_core_lacks_is_known(text: str, lacks: bool) -> None:
    """udiv, umull, it eq, cbz, cbnz, mov.w; nop, yield, push, pop, uxtb, cpsid, rev, bl, dsb, msr, mrs, ldr."""
    assert machine_code.lacking(bytes.fromhex(text)) == lacks


@pytest.mark.parametrize("name", CORES)
def test_machine_code_of_the_plant_is_the_plant(name: str, tmp_path: Path) -> None:
    known = tick.constants(board_data("dryrun"))
    driver = tick.DRIVERS / "plant_on_chip.py"
    constants = {**tick_compiler.constants_of(driver), **known}
    stage = tick_compiler.read(tick.DRIVERS / "plant_on_chip_stages.py", "receive", constants, tick.ROOTS)
    core = on_a_core(name, [stage], tmp_path)
    spec = load.plant("nominal", "pellet_cell")
    spec["specimen"]["gap_nm"] = 20000
    truth, chance, s = Plant(spec, 1000, 3, words_of(blackboard.AT)), random.Random(name), blackboard.new()
    core.put("plant", truth.P)
    for n in range(3000):
        if n % 50 == 0:
            s[blackboard.AT["CODE"]] = chance.choice((0, 65535, chance.randrange(65536)))
            s[blackboard.AT["VALVE"]] = chance.choice((12, 13, 13, 14, 12, chance.randrange(16)))
        core.put("blackboard", s)
        python_step(s, truth.P)
        core.run()
        assert blackboard_of(core) == s and core.get("plant", len(truth.P) * 4) == bytes(truth.P), n
    assert s[blackboard.AT["RAW"]]


STATEMENTS = (
    "s[4] = s[0] // (s[1] | 1)", "s[4] = (s[0] >> 3) * s[1] + (s[2] & 4095) - (s[3] >> 7)", "s[4] = s[0] << (s[1] & 7)",
    "s[4] = 0x12345 - s[0] ^ s[1] | 0x7F0000", "s[4] = s[0] if s[1] > s[2] else 0 - s[3]", "s[4] = s[s[0] & 3]",
    "s[(s[0] & 1) + 4] = s[1] + 300 - s[2] * 1000", "s[4] = 1 if s[0] < -5 and not s[1] >= s[2] or s[3] == 7 else 2",
    "s[4] = (s[0] & 0x40 != 0) + 2 if s[1] & 0x101 else (s[2] >> 4 & 1) + 5", "r[s[0] & 7] = s[1]; s[5] = r[2] + r[s[2] & 7]",
)  # fmt: skip


@pytest.mark.parametrize("name", CORES)
def test_every_kind_of_statement_is_computed_as_32_bits_that_wrap(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    for number, line in enumerate(STATEMENTS):
        path = tmp_path / f"statement{number}.py"
        body = "\n    ".join(["s = ptr32(blackboard)", "r = ptr16(ring)", *line.split("; ")])
        path.write_text(f"def statement(blackboard, ring):\n    {body}\n")
        core = on_a_core(name, [tick_compiler.read(path, "statement")], tmp_path)
        for _ in range(100):
            reach = chance.choice((10, 5000, 1 << 29))
            s = [chance.randrange(-reach, reach) for _ in range(16)]
            core.put("blackboard", struct.pack("<16i", *s))
            core.put("ring", bytes(range(64)))
            space = {"s": Wrapping(s), "r": Halves(array("H", bytes(range(64))))}
            exec(line, space)
            core.run()
            assert list(struct.unpack("<16i", core.get("blackboard", 64))) == list(space["s"]), (line, s)


def test_division_leaves_the_chips_divider_as_whoever_it_interrupts_had_it(tmp_path: Path) -> None:
    path = tmp_path / "statement.py"
    path.write_text("def statement(blackboard):\n    s = ptr32(blackboard)\n    s[2] = s[0] // s[1]\n")
    text = tick.with_handler([tick_compiler.read(path, "statement")], FIXED, board_data("pico")["chip"]["divider"])
    core = machine_code.EmulatedM0Plus(machine_code.compiled(text, "cortex-m0plus", tmp_path))
    sio = core.chip.sio
    read = sio.read_uint32
    sio.read_uint32 = lambda offset: int(read(offset)) & 0xFFFFFFFF  # its quotients have a fraction
    for a, b in ((1000, 7), (-1000, 7), (1000, -7), (-7, 1000), (5, 0), (-(1 << 31), -1), (-(1 << 31), 3)):
        sio.write_uint32(0x60, 12345)
        sio.write_uint32(0x64, 100)
        core.put("blackboard", struct.pack("<3i", a, b, 0))
        core.run()
        wanted = Wrapping([0])
        wanted[0] = a // b if b else 0
        assert struct.unpack("<3i", core.get("blackboard", 12))[2] == wanted[0], (a, b)
        assert (sio.read_uint32(0x74), sio.read_uint32(0x70)) == (45, 123), (a, b)


class Wrapping(list[int]):
    def __setitem__(self, at: Any, value: Any) -> None:
        super().__setitem__(at, ((int(value) + (1 << 31)) & 0xFFFFFFFF) - (1 << 31))


class Halves(list[int]):
    def __setitem__(self, at: Any, value: Any) -> None:
        super().__setitem__(at, int(value) & 0xFFFF)


@pytest.mark.skipif(not shutil.which("arm-none-eabi-objdump"), reason="no cross compiler")
@pytest.mark.parametrize("name", ["pico", "dryrun"])
def test_tick_of_a_board_calls_nothing_but_a_division(name: str, tmp_path: Path) -> None:
    """So it can't allocate or raise, may be the processor's own interrupt handler, and lies in RAM as a whole."""
    board = board_data(name)
    machine_code.compiled(tick.source(board), "cortex-m0plus", tmp_path)
    text = sources.run(["arm-none-eabi-objdump", "-d", "-j", tick.SECTION, str(tmp_path / "cortex-m0plus.elf")])
    called = {line.split("<")[-1].split(">")[0] for line in text.splitlines() if "\tbl\t" in line}
    assert {one.split("+")[0] for one in called} <= {"press_tick", "quotient_within"}
    assert "\tblx\t" not in text and "\tsvc\t" not in text
