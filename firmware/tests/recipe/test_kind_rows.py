"""A new step kind is one row: judged against the limits, counted, documented and driven; a row that lacks something is no row."""

import json

import pytest
from changed_tree import ChangedTree
from stackpress_core.recipe import kinds
from stackpress_core.recipe.kind_faults import faults, refuse

TABLE = "firmware/stackpress_core/recipe/kinds.py"
VENT_ROW = '    Kind(\n        "vent",\n'
NEW_ROW = '''\
    Kind(
        "press_to",
        "Press to a force and go on.",
        "move", "force there", ("valve",), False, False, (),
        ((1, "to_cn", "to_pa"), (1, "rate_cn_per_s", "rate_pa_per_s")),
        f.TO + f.RATE + (f.time("rest_ms", "time to rest", 1000, 500),) + f.timeout(0, "hold", f.AUTO),
        levels=levels.to_one, times=times.move,
        begin=steps.begin_move, met=steps.met_move, advance=steps.over, rule=_no_rule,
    ),
'''
PROGRAM = """\
name = "new_kind"

[[step]]
do = "contact"
to_n = 50

[[step]]
do = "press_to"
to_kn = %d
rate_n_per_s = 1000
"""
RUN_ON_THE_CORE = """
from bench_press import CONTACT, VENT, bench
from stackpress_core.tick import states
b = bench().started(CONTACT, {"do": "press_to", "to_cn": 500000, "rate_cn_per_s": 1000000}, VENT)
b.until(lambda: b.press.readings.filtered_cn > 499000)
b.until_state(states.SAFE)
assert b.press.runner.state == "done"
"""
OVER_THE_WIRE = """
import base64, binascii, json
from bench_press import CONTACT, bench
b = bench()
steps = [CONTACT, {"do": "press_to", "to_cn": 9000000, "rate_cn_per_s": 100000}]
text = json.dumps({"format": 1, "name": "new_kind", "steps": steps}).encode()
lines = ["DATA:BEG 'program/new_kind',%d,%d" % (len(text), binascii.crc32(text))]
lines += ["DATA:PUT 0,'%s'" % base64.b64encode(text).decode(), "DATA:COMM", "SYST:ERR?", "PROG:CAT?"]
b.board.serial.sent = "".join([line + "\\n" for line in lines]).encode()
b.run_passes(100)
print(b.board.serial.got.decode())
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    tree = ChangedTree(tmp_path_factory.mktemp("new_kind"))
    tree.replace(TABLE, VENT_ROW, NEW_ROW + VENT_ROW)
    for force_kn in (50, 90):
        tree.write("to_%d_kn.toml" % force_kn, PROGRAM % force_kn)
    return tree


def test_a_new_kind_over_the_limit_is_refused_by_the_host(tree):
    said = tree.stackpress("program", "check", "to_90_kn.toml", "--press", "boards/sim/press.toml", code=2).stderr
    assert "to_90_kn.toml:9: to_kn: step 2 (press_to): target 90000 N is over the press's working limit 55000 N" in said


def test_a_new_kind_over_the_limit_is_refused_over_the_wire(tree):
    refusal, stored = tree.python(OVER_THE_WIRE).stdout.splitlines()[:2]
    assert "step 2 (press_to): target 90000 N is over the press's working limit 55000 N" in refusal and stored == '""'


def test_a_new_kind_counts_in_the_highest_force_and_in_time(tree):
    told = json.loads(tree.stackpress("program", "check", "to_50_kn.toml", "--json").stdout)["programs"][0]
    assert told["highest_force_n"] == 50_000
    assert told["expected_s"] == pytest.approx(20 + 49.95 + 2.4)  # contact's guess, then (50 000 - 50) N at 1000 N/s and its corners
    assert told["longest_s"] == pytest.approx(120 + 2 * 49.95 + 30)


def test_a_new_kind_runs_on_the_core(tree):
    tree.python(RUN_ON_THE_CORE)


def test_a_new_kind_stands_in_the_documents(tree):
    tree.make_docs()
    assert "### press_to\n\nPress to a force and go on." in tree.read("firmware/stackpress_core/recipe/PROGRAMS.md")


def test_a_new_field_is_bounded_and_documented(tree):
    tree.write("short_rest.toml", PROGRAM % 50 + "rest_s = 0.1\n")
    said = tree.stackpress("program", "check", "short_rest.toml", code=2).stderr
    assert "short_rest.toml:11: rest_s: step 2 (press_to): rest_s = 0.1 lies outside 0.5 .. 34560000 s" in said
    assert "| `rest_s` | 0.5 s to 400 d | 1 s | time to rest |" in tree.read("firmware/stackpress_core/recipe/PROGRAMS.md")


def test_a_new_kind_passes_what_every_kind_is_tested_for(tree):
    tree.pytest("firmware/tests/recipe/test_program.py", "host_tools/tests/test_programs.py", "--deselect",
                "host_tools/tests/test_programs.py::test_the_reference_says_what_the_table_says")  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("levels=levels.to_one, times=times.move,\n        begin=steps.begin_release", "times=times.move,\n        begin=steps.begin_release",
         "missing 1 required positional argument: 'levels'"),
        ("times=times.strokes", "times=None", "step kind cycle: no function says its times"),
        ("levels=levels.through_points", "levels=levels.stays", "step kind sweep: its levels do not say where pressures_pa leads"),
    ],
)  # fmt: skip
def test_a_row_that_lacks_something_makes_no_image_and_is_told_in_one_line(tmp_path, old, new, why):
    tree = ChangedTree(tmp_path)
    tree.replace(TABLE, old, new)
    said = tree.module("boards.images.build", "pico", code=1)
    assert said.stderr.count("\n") == 1 and why in said.stderr, said.stderr
    assert not list(tree.root.glob("build/images/*/frozen"))


@pytest.mark.parametrize("kind", kinds.KINDS, ids=kinds.NAMES)
@pytest.mark.parametrize("column", ["levels", "times", "begin", "met", "advance", "rule"])
def test_no_column_of_any_kind_can_be_left_out(kind, column):
    with pytest.raises(ValueError, match="step kind %s: no function says its %s" % (kind.name, column)):
        refuse([kind._replace(**{column: None})], kinds.FAMILIES)


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind.name in ("contact", "ramp", "cycle", "sweep", "release")])
def test_levels_that_pass_over_a_target_are_told(kind):
    dumb = kind._replace(levels=lambda step, area_um2, start_cn: (("", 0), ("", 0)))
    assert any("do not say where" in fault for fault in faults(dumb, kinds.FAMILIES))


def test_what_else_can_be_wrong_with_a_row_is_told():
    ramp = kinds.OF["ramp"]
    for changed, why in (({"name": "a_name_too_long"}, "12 characters"), ({"family": "x"}, "none of the families"),
                         ({"needs": ("wings",)}, "no press can have"), ({"fields": ramp.fields[:-1]}, "no field at_timeout"),
                         ({"times": lambda *told: (2, 1)}, "times say 2 ms of at most 1 ms")):  # fmt: skip
        assert any(why in fault for fault in faults(ramp._replace(**changed), kinds.FAMILIES)), why
