"""What the board layer promises: every mistake in a board.toml is told with file, line, key and what would be right."""

import json
from pathlib import Path

import pytest
from stackpress import config, paths
from stackpress.cli.app import run
from stackpress.config import hardware
from stackpress.config.board_file import load_board
from stackpress.config.pin_budget import free, taken

HEAD = 'format = 1\nname = "bench"\nidentity = "chip"\nmodule = "pico"\n'
SHIPPED = sorted(path.parent.name for path in paths.BOARDS.glob("*/board.toml"))
REAL = [name for name in SHIPPED if name != "sim"]
CONVERTER = '[drivers]\nconverter = "ads131m04"\n[settings]\nconverter_clock_hz = %d\n'
FLASH = "flash_select = 17\nflash_clock = 18\nflash_data_in = 19\nflash_data_out = 16\n"

# (what follows HEAD, key complained of, its line, what is wrong, what would be right)
MISTAKES = (
    ("[pins]\nestop_a = 2\nguard_a = 2\n", "pins.guard_a", 7, "pin 2 is already estop_a in line 6", "free: 0 to 1, 3 to 22"),
    ("[pins]\nestop_a = 23\n", "pins.estop_a", 6, "a Raspberry Pi Pico brings out no GPIO 23", "0 to 22, 26 to 28"),
    ("[pins]\nestop_x = 3\n", "pins.estop_x", 6, "no driver has such a pin", "did you mean estop_"),
    ('[drivers]\nflash = "spi_nr"\n', "drivers.flash", 6, '"spi_nr" is not a driver for it', "did you mean spi_nor?"),
    ('[drivers]\nflsh = "ram"\n', "drivers.flsh", 6, "unknown role", "did you mean flash?"),
    ('[drivers]\ndeadman = "pio"\n', "drivers.deadman", 6, '"pio" needs a pin for permissive', "permissive = ..."),
    ('[drivers]\nflash = "spi_nor"\n[pins]\n' + FLASH.replace("18", "20"), "pins.flash_clock", 9,
     "GPIO 20 is not this line of SPI0", "2, 6, 18, 22"),
    ('[drivers]\npanel = "carrier"\n[pins]\npanel_data = 26\npanel_clock = 21\n', "pins.panel_clock", 9,
     "GPIO 21 is not the clock of I2C1", "3, 7, 11, 15, 19, 23, 27"),
    ('[drivers]\nscale = "quadrature"\n[settings]\nscale_nm_per_count = 1000\n[pins]\nscale_a = 4\nscale_b = 6\n', "pins.scale_b",
     11, "6 must follow scale_a = 4", "scale_b = 5"),
    ('[drivers]\nthermocouples = "max31856"\n[pins]\n' + FLASH, "drivers.thermocouples", 6, 'needs the panel "carrier"',
     'panel = "carrier"'),
    ('capabilities = ["regulator"]\n', "capabilities", 5, 'nothing on this board gives "regulator"', 'actuator = "dac8551"'),
    ('capabilities = ["fill_vent"]\n[pins]\nfill = 3\n', "capabilities", 5, "fill_vent", "pins fill and vent"),
    ('module = "pico3"\n', "module", 4, '"pico3" is not in boards/chips.toml', "did you mean pico"),
    ('[drivers]\nflash = "internal"\n', "drivers.flash", 6, '"internal" wants to know journal_kb', "journal_kb = ..."),
    ("[settings]\nhx711_sp = 80\n", "settings.hx711_sp", 6, "no driver of this board has such a setting", "leave it out"),
    ("[settings]\nlow = 1.5\n", "settings.low", 6, "1.5 is not a whole number", ""),
    (CONVERTER % 8000000, "settings.converter_clock_hz", 8, "the ads131m04 gives 15625, 31250: no press", "8192000 gives"),
    (CONVERTER % 1000000, "settings.converter_clock_hz", 8, "the ads131m04 gives no whole rate: no press", "8192000 gives"),
    (CONVERTER % 81920000, "settings.converter_clock_hz", 8, "takes 300000 to 8400000 Hz, not 81920000", "8192000 gives"),
)  # fmt: skip


def complaints(path: Path) -> list[config.Complaint]:
    with pytest.raises(config.ConfigError) as caught:
        load_board(str(path))
    return list(caught.value.complaints)


def write(folder: Path, text: str, head: str = HEAD, name: str = "board.toml") -> Path:
    path = folder / name
    path.write_text(head + text)
    return path


@pytest.mark.parametrize(("text", "key", "line", "wrong", "right"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_mistake_is_told_where_it_is_with_what_would_be_right(
    text: str, key: str, line: int, wrong: str, right: str, tmp_path: Path
) -> None:
    head = HEAD.replace('module = "pico"\n', "") if key == "module" else HEAD
    found = [one for one in complaints(write(tmp_path, text, head)) if one.key == key and wrong in one.text]
    assert [(one.line, right in one.right) for one in found] == [(line, True)], found


@pytest.mark.parametrize("name", SHIPPED)
def test_boards_that_ship_are_right(name: str) -> None:
    board = load_board(name)
    assert board.name == name and (board.module is None) == (name == "sim")


@pytest.mark.parametrize("name", [name for name in REAL if load_board(name).pins])
def test_every_pin_of_a_board_is_in_its_wiring_table(name: str) -> None:
    board = load_board(name)
    folder = paths.BOARDS / (name if "[pins]" in (paths.BOARDS / name / "board.toml").read_text() else "pico")
    readme = folder / "README.md"
    text = readme.read_text() if readme.exists() else ""
    assert "| GPIO" in text, f"boards/{folder.name} has no README.md with a wiring table (| GPIO | ...)"
    text = text[text.index("| GPIO") :]
    rows = [line for line in text[: text.index("\n\n")].splitlines() if line[2:3].isdigit()]
    wired = {int(number) for row in rows for number in row.split("|")[1].split(",")}
    assert wired == set(board.pins.values())


def test_pico2_has_the_carrier_of_pico_and_says_none_of_it_again() -> None:
    pico, pico2 = load_board("pico"), load_board("pico2")
    assert (pico2.pins, pico2.drivers, pico2.capabilities) == (pico.pins, pico.drivers, pico.capabilities)
    assert pico2.module is not None and pico2.module.chip_name == "rp2350"
    assert "[" not in (paths.BOARDS / "pico2" / "board.toml").read_text()


EXTENDS = 'format = 1\nname = "bench"\nmodule = "pico2"\nextends = "pico"\n'


@pytest.mark.parametrize(
    ("text", "key", "wrong"),
    [
        ("[pins]\ndump = 14\n", "pins.dump", "14 conflicts with 15"),
        ("[pins]\nvalve_pwm = 15\n", "pins.dump", "pin 15 is already valve_pwm in line 6"),
        ('[drivers]\nflash = "ram"\n', "drivers.flash", '"ram" conflicts with "spi_nor"'),
    ],
)
def test_a_board_that_extends_another_can_not_contradict_it(text: str, key: str, wrong: str, tmp_path: Path) -> None:
    found = [str(one) for one in complaints(write(tmp_path, text, EXTENDS)) if one.key == key]
    assert len(found) == 1 and wrong in found[0]


def test_a_board_can_not_extend_one_that_is_not_there_or_that_extends_itself(tmp_path: Path) -> None:
    (missing,) = [one for one in complaints(write(tmp_path, "", EXTENDS.replace('"pico"', '"pica"'))) if one.key == "extends"]
    assert "did you mean pico?" in missing.right
    (chain,) = [one for one in complaints(write(tmp_path, "", EXTENDS.replace('"pico"', '"pico2"'))) if one.key == "extends"]
    assert chain.right == 'extends = "pico"'


PRESS = """format = 1
name = "bench"
board = "BOARD"
[ceilings]
frame_rating_n = 80000
relief_setting_n = 68000
cell_capacity_n = [22000, 22000, 22000, 2000]
"""
ASKS = (
    ("pico_hx711", "[cells]\ncell_count = 4", "cells.cell_count", "4 cells, but the hx711 of board pico_hx711 has 1"),
    ("pico_hx711", "[cells]\nlow_range_mask = 0", "cells.cell_count", "but cell_capacity_n has"),
    ("pico_hx711", "[interlock]\nstale_ms = 5", "interlock.stale_ms", "a sample every 12.5 ms"),
    ("SLOW", "[interlock]\nstale_ms = 40", "interlock.stale_ms", "a sample every 100 ms"),
    ("pico_hx711", "[cells]\nlow_range_mask = 1", "cells.low_range_mask", 'needs "two_ranges"'),
    ("BARE", "[valve]\nvalve_kind = 'regulator'", "valve.valve_kind", 'needs "regulator"'),
    ("BARE", "[valve]\nvalve_kind = 'fill_vent'", "valve.valve_kind", 'needs "fill_vent"'),
)
BARE = 'capabilities = ["force_cells", "permissive"]\n[drivers]\nconverter = "hx711"\ndeadman = "pio"\n'
BARE += "[pins]\nhx711_clock = 2\nhx711_data = 3\npermissive = 7\n"
BOARDS = {"BARE": BARE, "SLOW": BARE + "[settings]\nhx711_sps = 10\n"}


@pytest.mark.parametrize(("board", "text", "key", "wrong"), ASKS, ids=[f"{row[0]}-{row[2]}" for row in ASKS])
def test_press_that_asks_for_more_than_its_board_has_is_refused(
    board: str, text: str, key: str, wrong: str, tmp_path: Path
) -> None:
    if board in BOARDS:
        board = str(write(tmp_path, BOARDS[board]))
    press = write(tmp_path, text + "\n", PRESS.replace("BOARD", board), "press.toml")
    with pytest.raises(config.ConfigError) as caught:
        config.load(press)
    (told,) = [one for one in caught.value.complaints if one.key == key and wrong in one.text]
    assert told.line and told.right


def test_pin_budget_counts_every_pin_once() -> None:
    for name in REAL:
        board = load_board(name)
        assert board.module is not None
        numbers = {int(words.split()[1]) for _, _, pins in taken(board) for words in pins.split(", ")}
        assert numbers == set(board.pins.values()) and numbers | set(free(board)) == set(board.module.pins)
    assert free(load_board("pico")) == [] and len(load_board("pico").pins) == 26


def test_check_prints_the_pin_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "board", "pico"]) == 0
    said = capsys.readouterr().out
    assert "26 of the 26 of a Raspberry Pi Pico used" in said and "dump 15" in said
    press = write(tmp_path, "[cells]\nlow_range_mask = 8\n", PRESS.replace("BOARD", "pico"), "press.toml")
    assert run(["config", "check", str(press)]) == 0
    assert "pins of pico: 26 of the 26" in capsys.readouterr().out
    assert run(["config", "board", "pico_hx711", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["board"]
    assert 27 in told["free"] and told["pins"]["valve_pwm"] == 26


def test_every_driver_has_its_modules_and_every_module_its_driver() -> None:
    drivers = paths.FIRMWARE / "drivers"
    named = {module for table in hardware.parts().values() for part in table.values() for module in part.modules}
    assert [name for name in sorted(named) if not (drivers / f"{name}.py").exists()] == []
    common = {"__init__", "internal_store", "last_words", "memory", "outputs", "rp2_board", "tick_vector", "watchdog"}
    there = {path.stem for path in drivers.glob("*.py") if not path.stem.endswith("_stages")}
    assert there - named - common == set()


PRESSES = sorted(paths.BOARDS.glob("*/press*.toml"))


@pytest.mark.parametrize("path", PRESSES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_press_that_is_shipped_is_valid_on_its_board(path: Path) -> None:
    effective = config.load(path)
    assert effective.board.name == path.parent.name and effective.ceilings is not None
