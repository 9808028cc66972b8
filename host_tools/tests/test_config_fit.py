"""Claims about what `config check` warns of: a value that is possible, and another machine's."""

import json

import pytest
from stackpress import paths
from stackpress.cli import app
from stackpress.commission import machine
from stackpress.config import load
from stackpress.config.fit import LIMITS, warnings

SMALL = machine.Machine(63, 40, (10000.0, 10000.0))
SOLENOIDS = machine.Machine(63, 40, (10000.0, 10000.0), valve_kind="fill_vent")
WITH_LOW = machine.Machine(63, 40, (10000.0, 10000.0), low_cell_n=500)


def warned(tmp_path, told=SMALL, **changed):
    """Keys that a press file of this machine is warned of, with these values changed."""
    path = tmp_path / "press.toml"
    path.write_text(machine.press_file("x", "sim", told, {**machine.values(told), **changed}, "a test"))
    return {one.key: one for one in warnings(load(path))}


@pytest.mark.parametrize("name", ["press.toml", "press_fill_vent.toml"])
def test_the_reference_presses_fit_themselves(name):
    assert warnings(load(paths.BOARDS / "sim" / name)) == []


@pytest.mark.parametrize(
    "told", [SMALL, SOLENOIDS, WITH_LOW, machine.Machine(20, 40, (2000.0,)), machine.Machine(120, 40, (90000.0,))]
)
def test_what_follows_from_a_machine_fits_it(tmp_path, told):
    assert warned(tmp_path, told) == {}


@pytest.mark.parametrize("key", [key for key in LIMITS if key not in ("rate_limit_n_per_s", "approach_force_n")])
def test_a_limit_that_a_ten_kn_press_inherits_from_a_larger_one_is_told(tmp_path, key):
    theirs = 5 * float(machine.parameters()[key].default_value)
    assert warned(tmp_path, WITH_LOW, **{key: machine.fitting(key, theirs)})[key].text.split()[1] == "is"


@pytest.mark.parametrize(
    "told, changed",
    [
        (SMALL, {"valve_full_scale_n": 66000}),
        (SMALL, {"force_limit_n": 12300}),
        (SMALL, {"cell_limit_n": 3000}),
        (SMALL, {"ki_permille_per_s": 20000, "valve_lead_ms": 120}),
        (SMALL, {"ki_hold_permille_per_s": 20000, "valve_lead_ms": 200}),
        (SOLENOIDS, {"kv_permille_per_s": 20000}),
        (SOLENOIDS, {"fill_rate_n_per_s": 40000}),
        (SOLENOIDS, {"deadband_max_n": 1.3, "valve_min_on_ms": 20}),
        (machine.Machine(20, 40, (50000.0,)), {}),
    ],
    ids=str,
)
def test_each_rule_warns_of_the_value_that_does_not_fit(tmp_path, told, changed):
    found = warned(tmp_path, told, **changed)
    assert (set(changed) or {"force_limit_n"}) & set(found)
    assert all(one.right for one in found.values())


def test_a_warning_is_told_with_its_line_and_is_no_error(tmp_path, capsys):
    path = tmp_path / "press.toml"
    path.write_text(machine.press_file("x", "sim", SMALL, {**machine.values(SMALL), "runaway_n": 1500}, "a test"))
    assert app.run(["config", "check", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["does_not_fit"]
    assert [one["key"] for one in told] == ["runaway_n"] and told[0]["origin"].endswith(f":{1 + _line(path, 'runaway_n')}")
    assert app.run(["config", "check", str(path)]) == 0
    assert "does not fit: runaway_n" in capsys.readouterr().out


def _line(path, key):
    return next(i for i, line in enumerate(path.read_text().splitlines()) if line.startswith(f"{key} "))


@pytest.mark.parametrize("table", ["machine = 3", "[machine]\nbore_mm = 63", "[machine]\nbore_mm = 0\nsupply_bar = 40",
                                   "[machine]\nbore_mm = 63\nsupply_bar = 40\ncolour = 1"])  # fmt: skip
def test_a_machine_that_is_wrong_is_refused(tmp_path, table):
    from stackpress.config.complaints import ConfigError

    path = tmp_path / "press.toml"
    path.write_text(f'format = 1\nname = "x"\nboard = "sim"\n{table}\n')
    with pytest.raises(ConfigError, match="machine"):
        load(path)
