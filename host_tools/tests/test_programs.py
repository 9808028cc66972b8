"""Program files: every ready-made one is right, every mistake has its line, writing then reading changes nothing."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stackpress import program_doc, program_keys, programs
from stackpress.config.complaints import ConfigError
from stackpress.paths import FIRMWARE
from stackpress_core import params
from stackpress_core.recipe import kinds, program
from stackpress_core.tick import states

LIMITS = program.limits_of(params.Values(), {"trigger", "temperature", "displacement"})
PELLET = """\
name = "pellet"
die_mm = 13

[[step]]
do = "contact"
to_n = 50

[[step]]
do = "ramp"
to_mpa = 370
rate_mpa_per_s = 10
"""
VALUES = ("-1", "0", "1", "2.5", "1e40", "inf", '"x"', "true", "[]", "[1, 2]", "{}", "1979-05-27")


def complaints(text: str, limits: Any = LIMITS) -> list[str]:
    made, found = programs.parse(text, "p.toml", limits)
    assert (made is None) == bool(found)
    return [str(one) for one in found]


@pytest.mark.parametrize("name", sorted(programs.ready_made()))
def test_every_ready_made_program_is_right_for_a_press_as_it_comes(name: str) -> None:
    made = programs.load(name, LIMITS)
    assert made["name"] == name
    assert all(0 <= expected <= longest for expected, longest in programs.totals(made).times)
    assert len(programs.to_json(made)) < 4096
    assert len(programs.describe(made)) == len(made["steps"])


@pytest.mark.parametrize("name", sorted(programs.ready_made()))
def test_a_ready_made_program_survives_writing_and_reading(name: str) -> None:
    made = programs.load(name)
    assert programs.parse(programs.to_toml(made)) == (made, [])


def test_the_nine_programs_ship() -> None:
    assert set(programs.ready_made()) == {
        "li6ps5cl_pellet", "staged_densification", "lithium_contact", "stack_pressure_hold",
        "eis_pressure_sweep", "kbr_pellet", "xrf_pellet", "manual_press", "constant_gap",
    }  # fmt: skip


def test_only_the_manual_program_is_right_for_a_press_without_a_valve() -> None:
    manual = program.limits_of(params.Values({"valve_kind": states.KIND_NONE}), set())
    for name, path in programs.ready_made().items():
        assert bool(programs.parse(path.read_text(), name, manual)[1]) == (name != "manual_press")


def test_the_demonstration_reaches_49_kn_and_ends_in_a_stack_pressure_hold() -> None:
    made = programs.load("li6ps5cl_pellet")
    assert made["area_um2"] == 132_732_290
    assert programs.totals(made).highest_cn == 4_911_095
    assert [step["do"] for step in made["steps"]][:5] == ["contact", "ramp", "hold", "release", "hold"]
    assert made["steps"][3]["to_pa"] == 5_000_000 and made["steps"][4]["for_ms"] == 600_000
    assert programs.totals(made).seconds < 900


def test_relative_ramps_add_up_in_the_highest_force() -> None:
    steps = [{"do": "ramp", word: 2_000_000, "rate_cn_per_s": 100_000} for word in ("to_cn", "by_cn", "by_cn")]
    assert programs.totals({"name": "x", "steps": steps[:2]}).highest_cn == 4_000_000
    found = programs.check({"format": 1, "name": "x", "steps": steps}, LIMITS)
    assert found == ["step 3 (ramp): target 60000 N is over the press's working limit 55000 N"]


def test_units_in_keys_mean_the_same_number() -> None:
    ways = ("to_mpa = 370", "to_kpa = 370_000", "to_gpa = 0.37", "to_bar = 3700", "to_pa = 370000000.0")
    made = [programs.parse(PELLET.replace("to_mpa = 370", way), "p", LIMITS) for way in ways]
    assert all(one == made[0] and one[0] is not None for one in made)
    timed = [program_keys.find_key(f"for_{unit}", program_keys.step_rows("hold")) for unit in ("s", "min", "h", "d")]
    assert [way.factor for way in timed if way] == [1000, 60_000, 3_600_000, 86_400_000]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("to_mpa = 370", "to_mpa = 700", 10, "step 2 (ramp): target 92912.6 N is over the press's working limit"),
        ("to_mpa", "to_mp", 10, "to_mp: mp is no unit that is known here -> use to_n (newtons) or to_mpa (megapascals)"),
        ("rate_mpa_per_s", "rate_mpa", 11, "rate_mpa: the key lacks its unit, or a part of it -> use rate_mpa_per_s"),
        ("rate_mpa_per_s = 10", "rate_mpa_per_s = 100", 11, "rate 13273.23 N/s is over the press's limit 5000 N/s"),
        ("rate_mpa_per_s = 10", "", 8, "step 2 (ramp): needs rate_n_per_s or rate_mpa_per_s"),
        ("to_mpa = 370", "to_mpa = 370\nto_n = 5", 10, "to_n and to_mpa exclude each other"),
        ("to_mpa = 370", "to_mpa = 370\nto_kpa = 5", 11, "to_kpa says the same as to_mpa"),
        ("to_mpa = 370", 'to_mpa = "370"', 10, 'to_mpa is a number of MPa, not "370"'),
        ("to_mpa = 370", "to_mpa = nan", 10, "no number that a press could use"),
        ("to_mpa = 370", "to_mpa = 1e-9", 10, "is finer than the press keeps it"),
        ("to_mpa = 370", "to_mpa = 2000", 10, "to_mpa = 2000 lies outside 0 .. 1000 MPa"),
        ("die_mm = 13", "", 10, "so the program must tell the cell's area -> die_mm = 13, or area_mm2"),
        ("die_mm = 13", "die_mm = 1300", 2, "die_mm is a diameter of 1 to 70 mm"),
        ("die_mm = 13", "die_mm = 13\narea_mm2 = 5", 2, "die_mm and area_mm2 exclude each other"),
        ("die_mm = 13", 'die_mm = 13\nhost_los = "hold"', 3, "host_los is not known here -> did you mean host_loss?"),
        ('do = "ramp"', 'do = "rampe"', 9, 'step 2: "rampe" is no step -> did you mean ramp?'),
        ('do = "ramp"', "", 8, "step 2: does not say what to do"),
        ('"pellet"', '"my pellet"', 1, "may only have letters, digits, _ and -"),
        ('"pellet"', '"pellet', 1, "not TOML"),
    ],
)
def test_a_mistake_is_told_with_file_line_key_and_what_is_right(old: str, new: str, line: int, words: str) -> None:
    found = complaints(PELLET.replace(old, new))
    assert any(words in one and one.startswith(f"p.toml:{line}:") for one in found), found
    assert len(found) == 1


def test_every_mistake_is_told_at_once() -> None:
    text = PELLET.replace("to_n", "to_m").replace("370", "700").replace('"pellet"', '"a b"')
    assert len(complaints(text)) == 3


def test_a_file_that_is_not_there_names_the_nearest_ready_made_program() -> None:
    with pytest.raises(ConfigError, match="did you mean kbr_pellet"):
        programs.load("kbr_pelet")
    with pytest.raises(ConfigError, match="there is no such file"):
        programs.load(Path("nowhere.toml"))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.text("[]step=\"\n do_namechkr.5'#{}, ", max_size=200))
def test_any_text_gives_complaints_and_no_exception(text: str) -> None:
    assert complaints(text)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(kinds.NAMES).flatmap(
        lambda kind: st.tuples(
            st.just(kind),
            st.dictionaries(
                st.sampled_from([key for row in program_keys.step_rows(kind) for key in program_keys.listed_keys(row)]),
                st.sampled_from(VALUES),
                max_size=5,
            ),
        )
    )
)
def test_known_keys_with_any_value_give_no_exception(step: tuple[str, dict[str, str]]) -> None:
    lines = [f'do = "{step[0]}"'] + [f"{key} = {value}" for key, value in step[1].items()]
    made, found = programs.parse('name = "x"\ndie_mm = 13\n[[step]]\n' + "\n".join(lines), "p.toml", LIMITS)
    assert found or made


def number_of(row: Any) -> st.SearchStrategy[Any]:
    if isinstance(row[1], tuple):
        return st.sampled_from(row[1])
    if row[1] == "yes":
        return st.just(True)
    if row[1] == "text":
        return st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=10)
    number = st.integers(row[2], row[3])
    return st.lists(number, min_size=1, max_size=4) if row[1].endswith(" list") else number


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_field_survives_writing_and_reading(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(kinds.NAMES))
    rows = {row[0]: row for row in program_keys.step_rows(kind)}
    names = {data.draw(st.sampled_from(group[1:])) for group in kinds.OF[kind].groups}
    step = {"do": kind} | {name: data.draw(number_of(rows[name])) for name in sorted(names)}
    step["note"] = data.draw(number_of(rows["note"]))
    made = {"format": 1, "name": "x", "area_um2": data.draw(st.integers(1, 4_290_000_000)), "steps": [step]}
    if programs.check(made):
        return
    assert programs.parse(programs.to_toml(made)) == (made, [])


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**12), 10**12), st.sampled_from((1, 100, 1000, 60_000, 10**6, 3_600_000)))
def test_a_number_is_written_exactly_or_not_at_all(value: int, factor: int) -> None:
    number = Fraction(value, factor)
    text = program_keys.decimal_text(number)
    assert Fraction(Decimal(text)) == number or abs(float(text) - float(number)) <= 1e-5 * abs(float(number))


def test_the_reference_says_what_the_table_says() -> None:
    page = (FIRMWARE / "stackpress_core" / "recipe" / "PROGRAMS.md").read_text(encoding="utf-8")
    assert page == program_doc.reference(), "renew it: make docs"
    for kind in kinds.NAMES:
        for row in program_keys.step_rows(kind):
            assert f"`{program_keys.main_key(row)}`" in page


def test_the_reference_says_which_fields_mean_something_only_beside_others_and_which_nothing() -> None:
    hold, relax, sweep = (kinds.OF[name] for name in ("hold", "relax", "sweep"))
    table = program_doc.table(hold.fields, hold.groups)
    assert "longest time for the step; not beside `for_s` |" in table and "time is over; not beside `for_s` |" in table
    assert "within the band; only with `until_settled_n` or `until_settled_pct` |" in table
    assert "within the band |" in program_doc.table(sweep.fields, sweep.groups), "its levels are always there"
    timed = program_doc.table(relax.fields, ((1, "for_ms"),))
    assert "`for_s`" in timed and "timeout" not in timed, "what can never be told is no key"
