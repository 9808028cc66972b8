"""Numbers and files as people give them: each is read as it was meant, or refused in one clear line; nothing is guessed."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress import config, programs
from stackpress.calibration import CalibrationRefused, Reading, Session
from stackpress.cli import app
from stackpress.cli.calibration_questions import parse_force
from stackpress.config.calibration_file import read_calibration
from stackpress.config.complaints import Complaints, ConfigError
from stackpress.config.numbers import readings, shown
from stackpress.config.schema import parameters
from stackpress.config.units import converted, unit_of
from stackpress_core.recipe import kinds

HEAD = 'format = 1\nname = "bench"\nboard = "sim"\n'
STEP = 'name = "x"\ndie_mm = 13\n[[step]]\ndo = "ramp"\nrate_n_per_s = 100\n'
NOTHING = (b"", b"# force_limit_n = 5000\n", b"\n\n \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf# nothing\r\n")
MANY = "9" * 5001


def told_of(path: Path, **layers: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config.load(path, **layers)
    return [str(one) for one in caught.value.complaints]


def press_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "press.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("raw", NOTHING)
def test_a_file_that_sets_nothing_is_no_configuration(raw: bytes, tmp_path: Path) -> None:
    (told,) = told_of(press_file(tmp_path, raw))
    assert "sets nothing" in told and "format = 1" in told
    good = press_file(tmp_path, HEAD)
    (tmp_path / "other.toml").write_bytes(raw)
    for layer in ("site", "calibration"):
        (told,) = told_of(good, **{layer: tmp_path / "other.toml"})
        assert "other.toml: sets nothing" in told
    with pytest.raises(ConfigError):
        programs.load(tmp_path / "other.toml")


@pytest.mark.parametrize(
    ("line", "says"),
    [("force_limit_n = 5 kN", "5 kN is no number -> force_limit_n = 5000"),
     ("force_limit_n = 5lbf # x", "5 lbf is no number -> force_limit_n = 22.2411081"),
     ("rate_limit_n_per_s = 60 kN/min", "60 kN/min is no number -> rate_limit_n_per_s = 1000"),
     ("force_limit_n = 370 MPa", "370 MPa is no number -> the number alone, in the unit that the key ends in"),
     ("force_limit_n = .5", ".5 is no number -> write 0.5"), ("force_limit_n = 5.", "5. is no number -> write 5"),
     ("force_limit_n = 050", "050 is no number -> write 50"),
     ("force_limit_n = 5 // most", "a remark begins with #"), ("force_limit_n = 5 ; most", "a remark begins with #"),
     ("force_limit_kn = nan", "(kilonewtons) -> use force_limit_n (newtons)"),
     ("force_limit_kn = -inf", "(kilonewtons) -> use force_limit_n (newtons)"),
     ("frame_rating_n = 1", "frame_rating_n: is no parameter -> move it to [ceilings] of the press file"),
     ("cell_limit_n = 5\ncell_limit_n = 6", "cell_limit_n stands here once more"), ("[limits]", "[limits] stands here once more")],
)  # fmt: skip
def test_what_toml_does_not_have_is_told_as_it_has_it(line: str, says: str, tmp_path: Path) -> None:
    (told,) = told_of(press_file(tmp_path, HEAD + "[limits]\n" + line + "\n"))
    assert told.endswith(says) or says in told and ("remark" in says or "once" in says)


@pytest.mark.parametrize(
    ("line", "says"),
    [("die_in = 0.5", "die_mm = 12.7"), ("die_cm = 1.3", "die_mm = 13"), ("die_um = 13000", "die_mm = 13"), ("die = 13", "die_mm")],
)
def test_a_die_in_another_unit_is_told_in_millimetres(line: str, says: str) -> None:
    told = [str(one) for one in programs.parse(STEP.replace("die_mm = 13", line) + "to_n = 100\n")[1]]
    assert says in told[0] and ":2: " in told[0] and len(told) == 1


@pytest.mark.parametrize(
    ("raw", "says"),
    [(HEAD.encode("utf-16-le"), "is text in UTF-16"), (HEAD.encode("utf-16-be"), "is text in UTF-16"),
     (HEAD.replace("\n", "\r").encode(), "ends its lines with CR alone"),
     ((HEAD + 'params = "x"\n').encode(), "outside of tables stand format, name, text, board"),
     (HEAD.replace("= 1", "= 1.0").encode(), "format: 1.0 is not known here"),
     (HEAD.replace('"sim"', '["sim"]').encode(), "board: a list is no board's name")],
)  # fmt: skip
def test_what_another_program_made_of_a_file_is_told(raw: bytes, says: str, tmp_path: Path) -> None:
    (told,) = told_of(press_file(tmp_path, raw))
    assert says in told


@pytest.mark.parametrize("lacking", ["format", "name", "board"])
def test_a_press_file_without_format_name_or_board_is_refused(lacking: str, tmp_path: Path) -> None:
    text = (
        "".join(line for line in HEAD.splitlines(True) if not line.startswith(lacking))
        + "[limits]\nforce_limit_n = 5000\n"
    )
    (told,) = told_of(press_file(tmp_path, text))
    assert f" {lacking}: " in told


@pytest.mark.parametrize("value", ["true", "1.0", "2", '"1"', "[1]", "0x10000000000000000000000000"])
def test_only_the_whole_number_is_a_format(value: str, tmp_path: Path) -> None:
    (told,) = told_of(press_file(tmp_path, HEAD.replace("format = 1", f"format = {value}")))
    assert "press.toml:1:" in told and ("format = 1" in told or "at most 18 digits" in told)
    site = tmp_path / "site.toml"
    site.write_text(f"format = {value}\n")
    assert told_of(press_file(tmp_path, HEAD), site=site)


@pytest.mark.parametrize(
    ("raw", "line", "says"),
    [
        (f"{HEAD}[limits]\nforce_limit_n = {MANY}\n".encode(), 5, "at most 18 digits"),
        (f"{HEAD}[limits]\nforce_limit_n = {'1' * 400}\n".encode(), 5, "has 400 digits"),
        (f"{HEAD}[limits]\nforce_limit_n = 0x{'f' * 5000}\n".encode(), 5, "digits: no number"),
        (
            f"{HEAD}[limits]\nforce_limit_n = 10,000\n".encode(),
            5,
            "10,000 is a number with separators -> write 10000 or 10",
        ),
        (f"{HEAD}[limits]\nforce_limit_n = 10 000 # N\n".encode(), 5, "write 10000"),
        (f"{HEAD}[limits]\nforce_limit_n = 1'500\n".encode(), 5, "write 1500 or 1.5"),
        (f"{HEAD}x = {'[' * 3000}{']' * 3000}\n".encode(), 0, "nested too deeply"),
        (HEAD.encode("utf-16"), 0, "save it as UTF-8"),
        (HEAD.encode() + 'text = "40 µm"\n'.encode("latin-1"), 4, "byte 0xb5 is not UTF-8"),
        (HEAD.encode() + b"# " + b"x" * 300_000, 0, "longer than"),
        (HEAD.replace('"sim"', '"\\u0000.toml"').encode(), 0, "cannot be read"),
    ],
)
def test_what_is_no_toml_of_ours_is_one_line_that_says_where_and_what(
    raw: bytes, line: int, says: str, tmp_path: Path
) -> None:
    told = told_of(press_file(tmp_path, raw))
    assert len(told) == 1 and says in told[0] and (f"press.toml:{line}:" in told[0] if line else ".toml:" in told[0])


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert config.load(press_file(tmp_path, b"\xef\xbb\xbf" + HEAD.encode())).name == "bench"
    program = tmp_path / "x.toml"
    program.write_bytes(b"\xef\xbb\xbf" + STEP.encode() + b"to_n = 500\n")
    assert programs.load(program)["name"] == "x"


@pytest.mark.parametrize(
    "value", ["nan", "-nan", "inf", "1e400", MANY, f"0x{'f' * 5000}", "true", "[]", "0", "70.1", "1979-05-27", '"13"']
)
def test_a_die_that_is_no_diameter_is_refused_in_its_line(value: str) -> None:
    made, found = programs.parse(STEP.replace("die_mm = 13", f"die_mm = {value}") + "to_n = 5\n", "p.toml")
    assert made is None and len(found) == 1 and found[0].line == 2 and len(str(found[0])) < 200


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("force_limit_lbf = 1000", "force_limit_n = 4448.22"),
        ("force_limit_tonf = 5", "force_limit_n = 49033.25"),
        ("force_limit_t = 5", "force_limit_n = 49033.25"),
        ("force_limit_kip = 1", "force_limit_n = 4448.22"),
        ("force_limit_kN = 5", "force_limit_n = 5000"),
        ("force_limit_N = 5000", "force_limit_n = 5000"),
        ("force_limit_MN = 0.05", "force_limit_n = 50000"),
        ("force_limit_mN = 5e6", "force_limit_n = 5000"),
        ("rate_limit_lbf_per_min = 60", "rate_limit_n_per_s = 4.44822"),
        ("rate_limit_lbf_per_in = 60", "wrong unit (pounds-force per inch)"),
        ("travel_limit_in = 1", "travel_limit_um = 25400"),
        ("temperature_limit_f = 212", "temperature_limit_c = 100"),
        ("temperature_limit_k = 373.15", "temperature_limit_c = 100"),
        ("force_limit_furlongs = 5", "furlongs is no unit that is known here -> use force_limit_n (newtons)"),
    ],
)
def test_advice_gives_the_same_value_in_our_unit(line: str, right: str, tmp_path: Path) -> None:
    (told,) = told_of(press_file(tmp_path, f"{HEAD}[limits]\n{line}\n"))
    assert right in told and "did you mean" not in told


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("forcelimit_kn = 5", "did you mean force_limit_n = 5000 (newtons)?"),
        ("force_limmit_lbf = 1000", "did you mean force_limit_n = 4448.22162 (newtons)?"),
        ("temprature_limit_k = 373.15", "did you mean temperature_limit_c = 100 (degrees Celsius)?"),
        ("forcelimit_n = 5000", "did you mean force_limit_n?"),
    ],
)
def test_a_key_misspelt_in_another_unit_is_told_with_the_number_in_ours(line: str, right: str, tmp_path: Path) -> None:
    (told,) = told_of(press_file(tmp_path, f"{HEAD}[limits]\n{line}\n"))
    assert right in told


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("ramp_mpa_per_min = 60", "did you mean rate_mpa_per_s = 1 (megapascals per second)?"),
        ("rat_kn_per_min = 6", "did you mean rate_n_per_s = 100 (newtons per second)?"),
        ("ramp_mpa_per_s = 1", "did you mean rate_mpa_per_s?"),
    ],
)
def test_a_rate_misspelt_in_another_unit_is_never_told_with_the_same_number(line: str, right: str) -> None:
    head = STEP.replace("contact", "ramp") + "to_mpa = 5\n"
    made, found = programs.parse(head + line + "\n", "p.toml")
    assert made is None and any(right in str(one) for one in found), found


@pytest.mark.parametrize("key", ["radius_mm", "radius_in", "die_radius_mm"])
def test_the_radius_of_a_die_is_not_taken_for_its_diameter(key: str) -> None:
    made, found = programs.parse(STEP.replace("die_mm", key) + "to_n = 5\n", "p.toml")
    assert made is None and "die_mm, twice the radius" in str(found[0]) and "did you mean" not in str(found[0])


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("to_tonf = 5", "use to_n (newtons): to_n = 49033.25"),
        ("to_lbf = 100", "use to_n (newtons): to_n = 444.822162"),
        ("to_ksi = 10", "use to_mpa (megapascals): to_mpa = 68.9475729"),
        ("to_kN = 5", "use to_n (newtons): to_n = 5000"),
        ("to_MPa = 5", "use to_mpa (megapascals): to_mpa = 5"),
        ("to = 5", "use to_n (newtons) or to_mpa (megapascals)"),
        ("to_furlongs = 5", "use to_n (newtons) or to_mpa (megapascals)"),
        ("to_n = 5\ntimeout_hours = 2", "use timeout_h (hours): timeout_h = 2"),
        ("to_n = 5\ntimeout_minutes = 5", "use timeout_min (minutes): timeout_min = 5"),
        ("to_n = 5\ntimeout_weeks = 1", "use timeout_d (days): timeout_d = 7"),
    ],
)
def test_a_program_in_foreign_units_is_told_what_it_says_in_ours(line: str, right: str) -> None:
    made, found = programs.parse(STEP + line + "\n", "p.toml")
    assert made is None and any(right in str(one) for one in found), found


def test_ceilings_in_pounds_are_told_in_newtons(tmp_path: Path) -> None:
    text = HEAD + "[ceilings]\nframe_rating_n = 80000\nrelief_setting_n = 68000\ncell_capacity_lbf = [5000, 5000]\n"
    (told,) = told_of(press_file(tmp_path, text))
    assert "cell_capacity_n = [22241.1081, 22241.1081]" in told


@given(st.sampled_from([p.name for p in parameters().values() if unit_of(p.name)[1]]), st.floats(1e-3, 1e6))
def test_a_value_converted_to_itself_is_itself(name: str, value: float) -> None:
    assert converted(value, name, name) == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[cells]\ncell_count = 2.5\nhigh_range_mask = 3\nlow_range_mask = 0", "finer than the press keeps it"),
        ("[cells]\nhigh_range_mask = 3.001", "finer than the press keeps it"),
        ("[interlock]\nstale_ms = 4.4", "finer than the press keeps it"),
    ],
)
def test_what_the_press_would_round_away_is_told(line: str, says: str, tmp_path: Path) -> None:
    assert any(says in one for one in told_of(press_file(tmp_path, f"{HEAD}{line}\n")))


@pytest.mark.parametrize(
    ("word", "newtons"),
    [
        ("500", 500),
        ("500 N", 500),
        ("2.5 kN", 2500),
        ("2.500 kN", 2500),
        ("1e3", 1000),
        (" .5 kn ", 500),
        ("12.25", 12.25),
    ],
)
def test_a_reference_force_is_read_as_written(word: str, newtons: float) -> None:
    assert parse_force(word) == pytest.approx(newtons)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("10,000 N", "write 10000 N or 10 N"),
        ("10,000", "write 10000 or 10"),
        ("1,500", "write 1500 or 1.5"),
        ("1,5 kN", "write 1.5 kN"),
        ("10'000", "write 10000 or 10"),
        ("10 000 N", "write 10000 N"),
        ("10_000", "write 10000"),
        ("10\u202f000 N", "write 10000 N"),
        ("1.234,5 N", "write 1234.5 N"),
        ("10.000 N", "10000 N or 10 N"),
        ("inf", "not a force"),
        ("1e400", "not a force"),
        ("nan", "not a force"),
        ("1e", "not in newtons"),
        ("\uff11\uff10", "not a force"),
        ("", "not a force"),
        ("100 kgf", "write 980.665 N"),
        ("5 MN", "write 5000000 N"),
        ("100 lbf", "write 444.822162 N"),
        ("5 bananas", "500, 500 N or 2.5 kN"),
    ],
)
def test_a_reference_force_that_can_be_read_two_ways_is_refused_with_both(word: str, says: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_force(word)
    assert says in str(caught.value)


@given(st.floats(0, 1e9), st.sampled_from(",'’_ \u00a0\u202f"))
def test_thousands_are_among_the_readings(value: float, mark: str) -> None:
    assert int(value) < 1000 or float(int(value)) in readings(f"{int(value):,}".replace(",", mark))


def codes(mean: int) -> Reading:
    return Reading(tuple(mean + i % 5 for i in range(40)))


def test_a_fit_that_ends_before_the_cell_does_is_refused() -> None:
    one = Session("C-1", capacity_n=22_000)
    one.zero(codes(0))
    one.point(10.0, codes(2_300_000))  # 10 kN stood on it
    with pytest.raises(CalibrationRefused, match="ends at 36.4.* N while the cell bears 22000 N"):
        one.fit()
    one.drop_last()
    one.point(10_000.0, codes(2_300_000))
    assert one.fit().cell.points[-1][1] == 10_000
    with pytest.raises(CalibrationRefused, match="not a reference force"):
        one.point(float("inf"), codes(2_300_000))


@pytest.mark.parametrize("change", ["format = 2", "format = true", "", "x = 1"])
def test_a_calibration_file_without_its_format_is_refused(change: str, tmp_path: Path) -> None:
    cell = '[cell_1]\nserial = "a"\ncalibrated_unix_s = 1\nzero_code = 0\ncodes = [0, 100000]\nforces_n = [0, 1000]\n'
    complaints = Complaints()
    path = tmp_path / "c.toml"
    path.write_text(f'{change}\nboard_identity = "b"\n{cell}')
    assert read_calibration(path, complaints) is None and any(one.key == "format" for one in complaints.found)
    path.write_text('format = 1\nboard_identity = "b"\n')
    complaints = Complaints()
    assert read_calibration(path, complaints) is None and "no cell is calibrated" in str(complaints.found[0])
    path.write_text(f'format = 1\nboard_identity = "b"\n{cell.replace("[0, 100000]", "[0, 1.5e5]")}')
    assert read_calibration(path, Complaints()) is None


KEYS = (
    "format",
    "name",
    "text",
    "board",
    "ceilings",
    "limits",
    "cells",
    "valve",
    "tick",
    "force_limit_n",
    "cell_count",
    "tick_rate_hz",
    "frame_rating_n",
    "relief_setting_n",
    "cell_capacity_n",
    "identity",
    "capabilities",
    "pins",
    "drivers",
    "settings",
    "module",
    "extends",
    "converter",
    "flash",
    "converter_clock_hz",
    "one_shot_ms",
    "board_identity",
    "cell_1",
    "serial",
    "codes",
    "forces_n",
    "zero_code",
    "calibrated_unix_s",
    "valve_kind",
    "a\nb",
    "",
)
VALUES = st.recursive(
    st.sampled_from(
        (
            "1",
            "-1",
            "0",
            "1.5",
            "nan",
            "inf",
            "-inf",
            "1e400",
            MANY,
            "0x" + "f" * 4000,
            "true",
            "1979-05-27",
            "1979-05-27T07:32:00Z",
            '""',
            '"sim"',
            '"pico"',
            '"x.toml"',
            '"\\u0000"',
            '"a\\nb"',
            '"' + "y" * 500 + '"',
        )
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda many: f"[{', '.join(many)}]")
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{json.dumps(key)} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
    st.sampled_from(["press", "site", "board", "calibration"]),
)
def test_any_values_in_any_file_give_complaints_of_one_line_each_or_pass(table: dict[str, str], role: str) -> None:
    text = "".join(f"{json.dumps(key)} = {value}\n" for key, value in table.items())
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        (there / "x.toml").write_text(text)
        press = press_file(
            there, text if role == "press" else HEAD.replace('"sim"', '"x.toml"') if role == "board" else HEAD
        )
        layers = {role: there / "x.toml"} if role in ("site", "calibration") else {}
        try:
            config.load(press, **layers)
        except ConfigError as error:
            assert all("\n" not in str(one) and len(str(one)) < 1500 for one in error.complaints)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(kinds.NAMES),
    st.dictionaries(
        st.sampled_from(
            (
                "to_n",
                "to_mpa",
                "rate_n_per_s",
                "for_s",
                "note",
                "forces_n",
                "to_lbf",
                "to_MPa",
                "until_trigger",
                "speed_um_per_s",
            )
        ),
        VALUES,
        max_size=4,
    ),
    VALUES,
)
def test_any_values_in_a_program_give_complaints_or_pass(kind: str, fields: dict[str, str], die: str) -> None:
    lines = [f'do = "{kind}"', *(f"{key} = {value}" for key, value in fields.items())]
    made, found = programs.parse(f'name = "x"\ndie_mm = {die}\n[[step]]\n' + "\n".join(lines), "p.toml")
    assert bool(found) == (made is None)


@given(st.integers(-(10**5000), 10**5000) | st.floats() | st.text() | st.lists(st.integers()) | st.booleans())
def test_any_value_is_shown_in_a_line(value: object) -> None:
    assert len(shown(value)) < 300 and "\n" not in shown(value)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e400", "1,5", "10'000"])
@pytest.mark.parametrize("command", [["monitor", "--for"], ["flash", "--wait"], ["sim", "--speed"], ["sim", "pace"]])
def test_an_option_takes_no_number_that_is_none(
    command: list[str], number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run([*command, number]) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told and ("Invalid value" in told or "No such option" in told)


@pytest.mark.parametrize(
    ("line", "named"),
    [("force_limit_n =\u00a05000", "NO-BREAK SPACE"), ("\u200bforce_limit_n = 5000", "ZERO WIDTH SPACE"),
     ("force_limit_n \uff1d 5000", "U+FF1D"), ("force_limit_n = \u22125", "MINUS SIGN"),
     ("force_limit_n = \u201c5\u201d", "QUOTATION MARK"), ("force_limit_n = 5000\u0000", "U+0000"),
     ("force_limit_n = \uff15000 # fünf", "FULLWIDTH DIGIT FIVE")],
)  # fmt: skip
def test_a_character_that_only_looks_like_one_of_toml_is_named(line: str, named: str, tmp_path: Path) -> None:
    (told,) = told_of(press_file(tmp_path, HEAD + "[limits]\n" + line + "\n"))
    assert named in told and ":5: " in told
    (told,) = told_of(press_file(tmp_path, HEAD + "[limits]\nforce_limit_n = 5000 N # fünf\n"))
    assert "it holds" not in told
