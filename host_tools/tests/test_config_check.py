"""What `config check` promises: every mistake is told at once, with file, key, line, and what would be right."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stackpress import config, paths
from stackpress.config.numbers import number
from stackpress.config.schema import groups, parameters
from stackpress.config.toml_lines import key_lines

GOOD = paths.BOARDS / "sim" / "press.toml"

# (line that replaces or extends [limits], key complained of, what the complaint must say)
MISTAKES = (
    ("force_limit_kn = 50", "limits.force_limit_kn", "use force_limit_n (newtons): force_limit_n = 50000"),
    ("force_limit = 50", "limits.force_limit", "use force_limit_n (newtons)"),
    ("force_limt_n = 50", "limits.force_limt_n", "did you mean force_limit_n?"),
    ('force_limit_n = "55 kN"', "limits.force_limit_n", "10 to 100000 newtons"),
    ("force_limit_n = true", "limits.force_limit_n", "is not a number"),
    ("force_limit_n = nan", "limits.force_limit_n", "out of range"),
    ("force_limit_n = -1", "limits.force_limit_n", "10 to 100000 newtons"),
    (
        "force_limit_n = 66500\n[valve]\nvalve_full_scale_n = 70000",
        "limits.force_limit_n",
        "the high-range cells bear together, 66000 N",
    ),
    ("cell_limit_n = 22500", "limits.cell_limit_n", "capacity of cell 1, 22000 N"),
    ("travel_limit_mm = 40", "limits.travel_limit_mm", "travel_limit_um = 40000"),
    ("stale_ms = 3", "limits.stale_ms", "move it to [interlock]"),
    ("[cells]\nrange_up_n = 2500", "cells.range_up_n", "low range's capacity of 2000 N"),
    ("[cells]\nrange_up_n = 100", "cells.range_up_n", "range_down_n must lie below range_up_n"),
    ("[valve]\nvalve_kind = 'fillvent'", "valve.valve_kind", "did you mean fill_vent?"),
    ("[valve]\nvalve_full_scale_n = 40000", "limits.force_limit_n (default)", "at most 40000"),
    ("[control]\ncontact_force_n = 900\napproach_force_n = 800", "control.contact_force_n", "below 800"),
    ("[tick]\ntick_budget_us = 300", "tick.tick_budget_us", "at most 250 at 4000 Hz"),
    ("[interlocks]\nstale_ms = 3", "interlocks", "did you mean interlock?"),
    ("[limits.extra]\na = 1", "limits.extra", "unknown key"),
)

HEAD = """format = 1
name = "bench"
board = "sim"
[ceilings]
frame_rating_n = 80000
relief_setting_n = 68000
cell_capacity_n = [22000, 22000, 22000, 2000]
[limits]
"""


def complaints_of(path: Path, **layers: Path) -> list[config.Complaint]:
    with pytest.raises(config.ConfigError) as caught:
        config.load(path, **layers)
    return list(caught.value.complaints)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("file", sorted(paths.BOARDS.glob("sim/press*.toml")), ids=lambda path: path.stem)
def test_press_files_that_ship_are_valid(file: Path) -> None:
    effective = config.load(file)
    assert effective.ceilings is not None and set(effective.settings) == set(parameters())


@pytest.mark.parametrize(("text", "key", "says"), MISTAKES, ids=[row[0].replace("\n", " ") for row in MISTAKES])
def test_mistake_is_told_with_key_line_and_what_would_be_right(text: str, key: str, says: str, tmp_path: Path) -> None:
    path = write(tmp_path / "press.toml", HEAD + text + "\n")
    (told,) = complaints_of(path)
    assert told.key == key and says in str(told)
    name = key.split(".")[-1].removesuffix(" (default)")
    wanted = [number for number, line in enumerate(path.read_text().splitlines(), 1) if name in line]
    assert told.line in (wanted or [HEAD.splitlines().index("[limits]") + 1])


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = "\n".join(row[0] for row in MISTAKES[1:4:2] if not row[0].startswith("["))
    path = write(tmp_path / "press.toml", HEAD.replace("frame_rating_n", "frame_rating_kn") + text + "\nx_n = 1\n")
    told = complaints_of(path)
    assert {one.key for one in told} >= {"ceilings.frame_rating_kn", "limits.force_limit_n", "limits.x_n"}
    assert [one.line for one in told] == sorted(one.line for one in told)


def test_syntax_error_names_its_line(tmp_path: Path) -> None:
    (told,) = complaints_of(write(tmp_path / "press.toml", HEAD + "force_limit_n 5\n"))
    assert told.line == 9 and "not TOML" in told.text


def test_missing_file_and_missing_board_are_complaints(tmp_path: Path) -> None:
    (told,) = complaints_of(tmp_path / "none.toml")
    assert "no such file" in told.text
    told = complaints_of(write(tmp_path / "press.toml", HEAD.replace('"sim"', '"simm"')))[0]
    assert told.line == 3 and "did you mean sim?" in told.right


def test_press_that_asks_for_what_the_board_lacks_is_refused(tmp_path: Path) -> None:
    board = 'format = 1\nname = "bare"\nidentity = "chip"\ncapabilities = ["force_cells", "dump", "permissive"]\n'
    write(tmp_path / "board.toml", board)
    path = write(tmp_path / "press.toml", HEAD.replace('"sim"', '"board.toml"') + "[valve]\nvalve_kind='fill_vent'\n")
    told = {one.key: one.text for one in complaints_of(path)}
    assert (
        'needs "fill_vent"' in told["valve.valve_kind"]
        and 'needs "two_ranges"' in told["cells.low_range_mask (default)"]
    )


def test_pin_with_two_roles_names_both_lines(tmp_path: Path) -> None:
    pins = "[pins]\nestop_a = 2\nguard_a = 3\nguard_b = 2\ntravel = 99\n"
    write(tmp_path / "board.toml", 'format = 1\nname = "b"\nidentity = "chip"\n' + pins)
    told = complaints_of(write(tmp_path / "press.toml", HEAD.replace('"sim"', '"board.toml"')))
    (twice,) = [one for one in told if one.key == "pins.guard_b"]
    assert twice.line == 7 and "already estop_a in line 5" in twice.text
    assert any(one.key == "pins.travel" and "no pin 99" in one.text for one in told)


def test_each_value_remembers_its_layer(tmp_path: Path) -> None:
    path = write(tmp_path / "press.toml", HEAD + "force_limit_n = 50000\nrate_limit_n_per_s = 4000\n")
    site = write(tmp_path / "site.toml", "format = 1\n[limits]\nforce_limit_n = 30000\n")
    effective = config.load(path, site=site)
    origin = {name: effective.settings[name].layer for name in ("force_limit_n", "rate_limit_n_per_s", "stale_ms")}
    assert origin == {"force_limit_n": "site", "rate_limit_n_per_s": "press", "stale_ms": "default"}
    assert effective.settings["force_limit_n"].line == 3 and effective.value("force_limit_n") == 30000


def test_site_can_not_move_ceilings_or_pins(tmp_path: Path) -> None:
    site = write(tmp_path / "site.toml", "format = 1\n[ceilings]\nframe_rating_n = 9e5\n[pins]\na = 1\n")
    told = {one.key: str(one) for one in complaints_of(GOOD, site=site)}
    assert "press file" in told["ceilings"] and "board.toml" in told["pins"]


@pytest.mark.parametrize("name", sorted(parameters()))
def test_bounds_of_each_parameter_are_allowed_and_beyond_is_not(name: str) -> None:
    one = parameters()[name]
    if one.words:
        assert all(one.complaint_about(word) is None for word in one.choices)
        assert one.complaint_about("nonsense") is not None
        return
    assert one.complaint_about(one.low) is None and one.complaint_about(one.high) is None
    assert one.complaint_about(one.high * 1.01 + 1) is not None and one.complaint_about(one.low - 1) is not None


@given(st.data())
def test_value_survives_the_way_to_the_press_and_back(data: st.DataObject) -> None:
    one = data.draw(st.sampled_from([p for p in parameters().values() if not p.words]))
    raw = data.draw(st.integers(round(one.low * one.scale), round(one.high * one.scale)))
    assert one.to_raw(one.from_raw(raw)) == raw
    assert one.to_raw(float(number(float(one.from_raw(raw))))) == raw


_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
_VALUES = st.sampled_from(
    ['"a # [b] = c"', "1", "[1, [2,\n  3], # ]\n 4]", "{x = 1, y = '='}", '"""\na = 1\n[b]\n"""', "'''\n#'''"]
)


@given(st.dictionaries(_NAMES, st.dictionaries(_NAMES, _VALUES, max_size=4), max_size=4))
def test_line_finder_finds_every_key_whatever_the_values_look_like(tables: dict[str, dict[str, str]]) -> None:
    lines: list[str] = []
    expected = {}
    for table, keys in tables.items():
        lines += ["# [no.table]", f"[{table}]"]
        expected[(table,)] = len(lines)
        for key, value in keys.items():
            expected[(table, key)] = len(lines) + 1
            lines += f"{key} = {value}  # x = 1".split("\n")
    assert key_lines("\n".join(lines)) == expected


@given(st.text(alphabet="ab_=[]{}.\"'\\#\n 1", max_size=60))
def test_line_finder_ends_on_any_text(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in key_lines(text).values())


def test_every_group_and_key_has_help() -> None:
    assert all(one.help and one.help[0].isupper() for table in groups().values() for one in table.values())


def test_simulated_board_has_what_its_file_says() -> None:
    source = ast.parse((paths.BOARDS / "stackpress_sim" / "board.py").read_text(encoding="utf-8"))
    found = [
        one.value
        for one in source.body
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "CAPABILITIES"
    ]
    assert set(ast.literal_eval(found[0])) == config.load(GOOD).board.capabilities


@pytest.mark.parametrize(("hz", "right"), [(8000, True), (4000, True), (6000, False), (250, False)])
def test_tick_rate_is_one_that_the_converter_has(hz: int, right: bool, tmp_path: Path) -> None:
    text = HEAD.replace('board = "sim"', 'board = "pico"').replace("[limits]", f"[tick]\ntick_rate_hz = {hz}\ntick_budget_us = 100")
    path = write(tmp_path / "press.toml", text)
    if right:
        config.load(path)
        return
    found = [c for c in complaints_of(path) if c.key == "tick.tick_rate_hz"][0]
    assert "of 2000, 4000, 8000, or" in str(found) and "oscillator" in str(found) and "32000" not in str(found)


@pytest.mark.parametrize(("board", "hz", "right"), [("pico", 1000, False), ("pico", 2000, True), ("pico_hx711", 1000, True),
                                                    ("pico_hx711", 400, False)])  # fmt: skip
def test_tick_is_never_so_slow_that_the_permissive_drops_between_two(board: str, hz: int, right: bool, tmp_path: Path) -> None:
    text = HEAD.replace('board = "sim"', f'board = "{board}"').replace("[limits]", f"[tick]\ntick_rate_hz = {hz}\n[limits]")
    try:
        config.load(write(tmp_path / "press.toml", text))
        found = []
    except config.ConfigError as error:
        found = [c.key for c in error.complaints if "one-shot" in str(c)]
    assert found == ([] if right else ["tick.tick_rate_hz"])
