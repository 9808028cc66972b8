"""What an image is made of, before it is compiled: each board gets its own parts, its own registers, and a mark that names it."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from stackpress import revision, tick_compiler
from stackpress.flashing import flash_map
from stackpress.flashing.images import image_sum
from stackpress_core.file_store import FileStore

from boards.images import build, frozen, literals, sources, tick
from boards.images.board_data import board_data, memory_map

ROOT = Path(__file__).resolve().parents[2]
PARTS = {"ads131m04", "hx711", "plant_on_chip", "dac8551", "pwm_valve", "panel", "max31856", "quadrature", "w25q", "internal_nor"}
FITTED = {
    "pico": {"ads131m04", "dac8551", "panel", "max31856", "quadrature", "w25q"},
    "pico2": {"ads131m04", "dac8551", "panel", "max31856", "quadrature", "w25q"},
    "pico_hx711": {"hx711", "pwm_valve", "internal_nor"},
    "dryrun": {"plant_on_chip"},
}


def collected(name: str, folder: Path, **changes: Any) -> dict[str, Any]:
    """The facts of what is frozen for a board."""
    frozen.collect(name, {**board_data(name), **changes}, "", folder, 0)
    space: dict[str, Any] = {}
    exec((folder / "image_facts.py").read_text(), space)
    return space


@pytest.fixture(scope="module", params=sorted(FITTED))
def image(request, tmp_path_factory):
    """Of each board: its name, the folder of what is frozen, and the facts of that."""
    folder = tmp_path_factory.mktemp(request.param)
    return request.param, folder, collected(request.param, folder)


def test_there_is_an_image_for_every_board_but_the_simulated_one():
    boards = {path.parent.name for path in ROOT.glob("boards/*/board.toml")} - {"sim"}
    assert set(flash_map.names()) == boards >= set(FITTED)


def test_image_has_the_parts_of_its_board_and_no_others(image):
    name, folder, facts = image
    there = {path.stem for path in (folder / "drivers").glob("*.py")}
    assert there & PARTS == FITTED[name] and not any(module.endswith("_stages") for module in there)
    assert set(facts["DRIVERS"].values()) <= there and set(facts["LOW_PINS"]) <= set(facts["PINS"].values())


def test_image_carries_one_mark_with_board_version_commit_and_content(image):
    from stackpress.flashing.images import MARK

    name, folder, facts = image
    (mark,) = MARK.findall((folder / "image_facts.py").read_bytes())
    board, version, git, content = (part.decode() for part in mark)
    assert (board, content) == (name, facts["HASH"].hex()) and git == revision.git_hash(ROOT) == facts["GIT"] and version


def test_sum_behind_the_image_is_that_of_its_words_and_any_changed_word_is_seen():
    image = bytes(range(256)) * 5 + b"\x07"
    end = len(image) + 39
    whole = build._with_sum(image, {"__flash_binary_end": 0x10000000 + end})
    assert len(whole) == end + 4 and whole[: len(image)] == image and int.from_bytes(whole[-4:], "little") == image_sum(whole[:-4])
    for at in range(0, end, 37):
        for bit in (1, 128):
            changed = bytearray(whole[:-4])
            changed[at] ^= bit
            assert image_sum(bytes(changed)) != image_sum(whole[:-4])
    assert image_sum(b"") == 0x811C9DC5 and image_sum(b"a\0\0\0") == 0xE40C292C, "32-bit FNV-1a, of words"
    for end in (len(image) + 1, len(image) - 1, len(image) + 1023):
        with pytest.raises(sources.CannotBuild):
            build._with_sum(image, {"__flash_binary_end": 0x10000000 + end})


def test_hash_is_of_the_content_and_not_of_where_the_recorder_lies(tmp_path):
    board = board_data("pico")
    one, two = (frozen.collect("pico", board, "", tmp_path / str(at), at) for at in (0, 0x20002500))
    other = frozen.collect("pico", {**board, "settings": {"scale_nm_per_count": 500}}, "", tmp_path / "other", 0)
    tick = frozen.collect("pico", board, "another tick", tmp_path / "tick", 0)
    assert one == two and len({one, other, tick}) == 3


def test_every_chip_has_its_own_registers_in_the_tick():
    known = {name: tick.constants(board_data(name)) for name in ("pico", "pico2")}
    words = ("_GPIO_IN", "_GPIO_OUT_SET", "_GPIO_OUT_CLR", "_BASE", "_CRC_TABLE")
    assert [known["pico"][word] for word in words] == [1, 5, 6, 0x2003FCC0, 0x2003FD00]
    assert [known["pico2"][word] for word in words] == [1, 6, 8, 0x50100C00, 0x50100C40]
    chips = {name: board_data(name)["chip"] for name in known}
    assert (chips["pico"]["timer"], chips["pico"]["pio0_irq_0"]) == (0x40054000, 7)
    assert (chips["pico2"]["timer"], chips["pico2"]["pio0_irq_0"]) == (0x400B0000, 15)


def test_driver_and_stage_of_the_plant_on_the_chip_mean_the_same_words():
    text, words = tick.source(board_data("dryrun")), tick.fixed_words()
    overrun = tick_compiler.constants_of(tick.DRIVERS / "plant_on_chip.py")["_OVERRUN"]
    assert f"+= p[{overrun}];" in text and len(words) <= 16
    assert re.search(r"tick\(\(void \*\)words\[(\d+)\]", text)[1] == str(words["BLACKBOARD"]) and f"(void *)words[{words['PLANT']}]" in text


def test_inputs_that_nobody_watches_are_known():
    assert {name: tick.unwatched(board_data(name)) for name in FITTED} == {
        "pico": [], "pico2": [], "pico_hx711": ["travel_ok"], "dryrun": []}  # fmt: skip


def test_a_missing_part_costs_the_tick_nothing():
    board = board_data("pico")
    without = {**board, "drivers": {role: name for role, name in board["drivers"].items() if role not in ("scale", "actuator")}}
    assert len(tick.source(without)) < len(tick.source(board))


def test_stage_that_names_what_nobody_says_is_refused():
    board = board_data("pico")
    board["settings"] = {}
    with pytest.raises(sources.CannotBuild, match="^the tick of pico: .*quadrature_stages.py:[0-9]+: nobody says what '_SCALE_NM_PER_"):
        tick.source(board)


@pytest.mark.parametrize(("files", "says"), [
    ({}, "wants firmware/drivers/lab32.py, which is not there"),
    ({"lab32.py": ""}, "lab32_stages.py: a converter needs the stage receive"),
    ({"lab32.py": "", "lab32_stages.py": "def recieve(words):\n    pass\n"}, "recieve is no stage of a converter; the tick calls receive, resync"),
])  # fmt: skip
def test_part_without_its_driver_or_with_a_stage_that_nobody_calls_makes_no_tick(files, says, tmp_path, monkeypatch):
    board = board_data("pico")
    drivers = tmp_path / "firmware" / "drivers"
    shutil.copytree(tick.DRIVERS, drivers)
    for name, text in files.items():
        (drivers / name).write_text(text)
    monkeypatch.setattr(tick, "DRIVERS", drivers)
    monkeypatch.setattr(tick, "ROOT", tmp_path)
    lab = SimpleNamespace(modules=("lab32",))
    part = tick.hardware.part
    monkeypatch.setattr(tick.hardware, "part", lambda role, name: lab if name == "lab32" else part(role, name))
    with pytest.raises(sources.CannotBuild, match=says):
        tick.stages_of({**board, "drivers": {**board["drivers"], "converter": "lab32"}})


def test_more_interlock_rows_than_the_blackboard_has_room_for_are_told_in_one_line(monkeypatch):
    from stackpress_core.tick import blackboard, interlock

    room = blackboard.ROW_MASKS * blackboard.MASK_ROWS
    monkeypatch.setattr(interlock, "ROWS", interlock.ROWS[:1] * (room + 1))
    monkeypatch.delitem(sys.modules, "stackpress_core.tick.blackboard")
    with pytest.raises(sources.CannotBuild) as told:
        tick.source(board_data("pico"))
    assert f"has {room + 1} rows" in str(told.value) and f"room for {room}" in str(told.value) and "\n" not in str(told.value)


def test_image_that_can_not_be_made_is_told_before_anything_is_written(monkeypatch, tmp_path):
    def no_tick(board):
        raise sources.CannotBuild("the tick of pico: a stage")

    monkeypatch.setattr(build, "OUT", tmp_path / "images")
    monkeypatch.setattr(tick, "source", no_tick)
    with pytest.raises(sources.CannotBuild):
        build.build("pico")
    monkeypatch.undo()
    monkeypatch.setattr(build, "OUT", tmp_path / "images")
    monkeypatch.setattr(sources.shutil, "which", lambda tool: None)
    with pytest.raises(sources.CannotBuild, match="the cross compiler is missing"):
        build.build("pico")
    assert not (tmp_path / "images").exists()


SYMBOLS = {"__bss_end__": 0x20002700, "__GcHeapStart": 0x2001A720, "__GcHeapEnd": 0x20040000}


@pytest.mark.parametrize(
    ("flash", "symbols", "wanted", "says"),
    [
        (700 * 1024, {}, {}, "bytes of flash, and only 655360 are before the file system"),
        (500 * 1024, {"__GcHeapStart": 0x20003000}, {}, "MICROPY_C_HEAP_SIZE must be"),
        (500 * 1024, {}, {"heap_free_bytes": 120000}, "bytes of heap would be free while running, not 120000"),
    ],
)
def test_image_that_does_not_fit_is_no_image(flash, symbols, wanted, says, tmp_path, monkeypatch):
    board = board_data("pico")
    board["image"] = {**board["image"], "heap_used_bytes": 90000, **wanted}
    (tmp_path / "firmware.bin").write_bytes(bytes(flash))
    monkeypatch.setattr(build, "_symbols", lambda work: {**SYMBOLS, **symbols})
    with pytest.raises(sources.CannotBuild, match=says):
        build._use(tmp_path, board)


def test_board_that_does_not_say_how_large_its_stack_is_gets_no_image():
    with pytest.raises(sources.CannotBuild, match="image.toml: wants stack_bytes"):
        memory_map({"stack_top": 0x20042000}, {})
    assert memory_map({"scratch": 0x50100C00}, {}) == {}


def test_unknown_board_is_told_with_those_there_are():
    done = subprocess.run([sys.executable, "-m", "boards.images.build", "pica"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and f"there is: {', '.join(flash_map.names())}" in done.stderr


def test_machine_that_can_not_build_says_in_one_line_what_to_install(monkeypatch):
    monkeypatch.setattr(sources.shutil, "which", lambda tool: None)
    with pytest.raises(sources.CannotBuild) as caught:
        sources.tools()
    assert "apt-get install gcc-arm-none-eabi" in str(caught.value) and "\n" not in str(caught.value)


def test_micropython_that_is_not_in_the_table_is_told_with_those_that_are(monkeypatch):
    monkeypatch.setenv("MICROPYTHON", "1.24")
    with pytest.raises(sources.CannotBuild, match="^MICROPYTHON=1.24 is not known: one of 1.25, 1.26, or a checkout: MPY_DIR=...$"):
        sources.key()


def test_every_micropython_of_the_table_is_kept_by_itself(monkeypatch):
    def key(version):
        monkeypatch.setenv("MICROPYTHON", version)
        return sources.key()

    assert len({key(version) for version in sources.VERSIONS}) == len(sources.VERSIONS) and sources.DEFAULT in sources.VERSIONS


def test_checkout_without_its_submodules_says_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("MPY_DIR", str(tmp_path))
    with pytest.raises(sources.CannotBuild, match="make -C ports/rp2 submodules"):
        sources.checkout()


def test_frozen_modules_come_before_whatever_lies_in_the_file_system(monkeypatch):
    """boot.py decides the order; on the board '' is the file system and .frozen what the image carries."""
    import types

    calls = []
    drivers = types.ModuleType("drivers")
    drivers.watchdog = types.SimpleNamespace(feed_at_prompt=lambda: calls.append("feed"))
    drivers.internal_store = types.SimpleNamespace(mounted=lambda kb: calls.append(f"mount but {kb}"), told=lambda found: "as it was")
    facts = types.ModuleType("image_facts")
    facts.SETTINGS = {"journal_kb": 256}
    monkeypatch.setattr(FileStore, "told", "")
    monkeypatch.setitem(sys.modules, "drivers", drivers)
    monkeypatch.setitem(sys.modules, "drivers.internal_store", drivers.internal_store)
    monkeypatch.setitem(sys.modules, "image_facts", facts)
    path = ["", ".frozen", "/lib", "/app"]
    fake = types.SimpleNamespace(path=path, modules=sys.modules)
    monkeypatch.setitem(sys.modules, "sys", fake)
    try:
        exec((ROOT / "firmware/boot.py").read_text(), {})
        told = FileStore.told
    finally:
        monkeypatch.undo()
    assert path[0] == ".frozen" and "/app" not in path and calls == ["feed", "mount but 256"]
    assert told == "as it was" and not hasattr(drivers, "internal_store")


def test_an_image_says_its_name_version_board_and_every_pin_in_the_words_of_the_sdk():
    from boards.images import about

    for name in ("pico", "pico2", "pico_hx711", "dryrun"):
        board = board_data(name)
        lines = about.source(board, "0.1.0", "0123456789ab", "1.25").splitlines()
        assert 'bi_decl(bi_program_name("stackpress"))' in lines and 'bi_decl(bi_program_version_string("0.1.0"))' in lines
        assert any(f"board {name}, commit 0123456789ab" in line for line in lines)
        for role, pin in board["pins"].items():
            assert lines.count(f'bi_decl(bi_1pin_with_name({pin}, "{role}"))') == 1
        assert len(lines) == 6 + len(board["pins"])  # one a line: the SDK names each after its line


def test_tree_that_was_changed_says_so(tmp_path):
    def git(*words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True, capture_output=True)

    assert revision.git_hash(tmp_path) == "unknown"
    git("init", "-q")
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware/a.py").write_text("1")
    git("add", ".")
    git("commit", "-q", "-m", "a")
    clean = revision.git_hash(tmp_path)
    (tmp_path / "notes.txt").write_text("not in an image")
    assert len(clean) == 12 and revision.git_hash(tmp_path) == clean
    (tmp_path / "firmware/a.py").write_text("2")
    assert revision.git_hash(tmp_path) == clean + "_dirty"


def test_somebodys_checkout_is_mended_in_a_copy_and_left_alone(monkeypatch, tmp_path):
    mpy = tmp_path / "micropython"
    text = {file: ("before", "before") for file, _, _ in sources.EDITS}  # of each file as it is, and as it is to be
    for file, old, new in sources.EDITS:
        text[file] = (f"{text[file][0]} {old}", f"{text[file][1]} {new}")
    for file, (is_now, _) in text.items():
        (mpy / file).parent.mkdir(parents=True, exist_ok=True)
        (mpy / file).write_text(is_now)
    (mpy / "lib/pico-sdk").mkdir(parents=True)
    (mpy / "lib/pico-sdk/pico_sdk_init.cmake").write_text("")
    monkeypatch.setenv("MPY_DIR", str(mpy))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tree, sdk = sources.checkout()
    assert sdk == mpy / "lib/pico-sdk" and (tree / "lib/pico-sdk/pico_sdk_init.cmake").exists()
    for file, (is_now, mended) in text.items():
        assert (tree / file).read_text() == mended and (mpy / file).read_text() == is_now


def test_the_plain_parts_of_a_row_with_functions_are_literals():
    from stackpress_core.recipe import kinds

    source = literals.folded(frozen.FIRMWARE / "stackpress_core/recipe/kinds.py", "stackpress_core.recipe.kinds")
    rows = next(n.value for n in ast.parse(source).body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "KINDS")
    for kind, row in zip(kinds.KINDS, rows.elts, strict=True):
        assert tuple(ast.literal_eval(part) for part in row.args) == kind[: len(row.args)] and len(row.args) == kind._fields.index("levels")


def test_numbers_of_another_module_are_literals_and_nothing_else_is(tmp_path):
    from stackpress_core.tick import blackboard, states

    from boards.images import numbers

    shutil.copytree(frozen.FIRMWARE / "stackpress_core", tmp_path / "stackpress_core")
    source = (
        "from stackpress_core.tick import blackboard, states\n"
        "from stackpress_core.log.records import EVENT_PART as PART, KINDS\n"
        "AT = blackboard.AT\n"
        "_FORCE = AT['FORCE_F']\n"
        "def f(s, word, states=states):\n"
        "    return s[AT['SET']], s[AT[word]], blackboard.ABSENT, states.SAFE, PART, KINDS\n"
        "def g(s):\n"
        "    s['é'], s[blackboard.AT['HZ']] = 1, blackboard.row_at(0)\n"
    )
    space = {"__name__": "x"}
    text = numbers.with_numbers(source, tmp_path)
    exec(text, space)
    s = {blackboard.AT["SET"]: 5, blackboard.AT["HZ"]: 6}
    assert space["f"](s, "HZ")[:4] == (5, 6, blackboard.ABSENT, states.SAFE) and space["_FORCE"] == blackboard.AT["FORCE_F"]
    space["g"](s)
    assert s[blackboard.AT["HZ"]] == blackboard.row_at(0)
    assert "'SET'" not in text and "ABSENT" not in text and "PART" not in text and "AT[word]" in text
    assert "states.SAFE" in text, "a name that a function has for itself"


def test_no_image_keeps_a_name_for_a_number_of_the_blackboard(tmp_path):
    from stackpress_core.tick import blackboard

    frozen.collect("pico", board_data("pico"), "", tmp_path, 0)
    for path in tmp_path.rglob("*.py"):
        named = re.findall(r"\bAT\[\"\w+|\bblackboard\.[A-Z]\w+", re.sub("#.*", "", path.read_text()))
        assert [one for one in named if "[" in one or literals.fits(vars(blackboard).get(one.split(".")[1]))] == [], path
