"""Plant and specimen files: what is refused, what the message says, and what a specimen does."""

import json

import pytest
from stackpress_plant import load
from stackpress_plant.plant import Plant

from hil_tests.plant.traces import CLOSED, FILL, column, job, on_micropython

PLANTS = sorted(path.stem for path in load.PLANTS.glob("*.toml"))
SPECIMENS = sorted(path.stem for path in load.SPECIMENS.glob("*.toml"))


def integers(value):
    if isinstance(value, dict):
        return all(integers(v) for v in value.values())
    if isinstance(value, list):
        return all(integers(v) for v in value)
    return isinstance(value, int)


@pytest.mark.parametrize("plant", PLANTS)
def test_every_file_comes_down_to_integers_that_survive_json(plant):
    for specimen in SPECIMENS:
        spec = load.plant(plant, specimen)
        assert integers(spec)
        assert json.loads(json.dumps(spec)) == spec


@pytest.mark.parametrize(("text", "message"), [
    ('base = "nominal"\n[valve]\ndead_time_s = { value = 1, source = "x" }', "valve.dead_time_s: not a key"),
    ('base = "nominal"\n[valve]\ndead_time_ms = 20', "valve.dead_time_ms: has no source"),
    ('base = "nominal"\n[valve]\ndead_time_ms = { value = "20", source = "x" }', "dead_time_ms: '20' is not a number"),
    ('base = "nominal"\n[valve]\ndead_time_ms = { value = -1, source = "x" }', "outside 0 .. 500"),
    ('base = "nominal"\n[valve]\nkind = { value = "steam", source = "x" }', "none of regulator, fill_vent"),
    ('base = "nominal"\n[cells]\nzero_code = { value = [1, 2], source = "x" }', "not a list of 4 numbers"),
    ("[valve]\nlag_ms = = 3", "line 2"),
    ('[valve]\nlag_ms = { value = 20, source = "x" }', "missing"),
    ('base = "elsewhere"', "no file 'elsewhere'"),
])  # fmt: skip
def test_a_wrong_plant_file_is_refused_with_file_and_key(tmp_path, text, message):
    (tmp_path / "nominal.toml").write_text((load.PLANTS / "nominal.toml").read_text())
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(load.PlantFileError, match=r"mine\.toml|no file") as error:
        load.plant(path)
    assert message in str(error.value)


def test_a_compaction_curve_that_falls_is_refused(tmp_path):
    path = tmp_path / "powder.toml"
    path.write_text((load.SPECIMENS / "pellet_cell.toml").read_text().replace("[60.0, 0.730]", "[60.0, 0.700]"))
    with pytest.raises(load.PlantFileError, match="must rise"):
        load.load_specimen(path)


def test_unknown_names_list_what_there_is():
    with pytest.raises(load.PlantFileError, match="breathing_cell.*steel_blank"):
        load.load_specimen("granite")
    with pytest.raises(load.PlantFileError, match="no key 'valve.colour'"):
        load.plant(overrides={"valve.colour": 3})


def test_powder_reaches_its_density_and_keeps_it_after_the_release():
    spec = load.plant("nominal", "pellet_cell")
    script = [
        [0, 800, CLOSED, 0],
        [1500, 800, CLOSED, 1],
        [12000, 49000, CLOSED, 0],
        [13000, 49000, CLOSED, 1],
        [15000, 900, CLOSED, 0],
    ]
    rows = on_micropython(job(spec, script, 17000, every=10))
    plastic, force = column(rows, "plastic_nm"), column(rows, "force_cn") / 100
    thickness_mm = 0.81 / 0.45 - plastic.max() * 1e-6
    assert force.max() == pytest.approx(48900, rel=0.01)
    assert 0.81 / thickness_mm == pytest.approx(0.865, abs=0.002)
    assert plastic[-1] == plastic.max() and force[-1] < 1500


def test_stiction_holds_until_it_is_overcome():
    """The force stays where it is until the pressure has changed by sliding and static friction together."""
    spec = load.plant(
        "nominal", "steel_blank", {"ram.friction_n": 200, "ram.friction_pct": 0, "ram.stiction_ratio": 1.5}
    )
    script = [[0, 20000, CLOSED, 0], [1500, 20000, CLOSED, 1], [6500, 16000, CLOSED, 0]]
    rows = on_micropython(job(spec, script, 6500))[1400:]
    force, pressure = column(rows, "force_cn") / 100, column(rows, "pressure_cn") / 100
    slip = int((force < force[0] - 5).argmax())
    assert pressure[0] - pressure[slip] == pytest.approx(200 + 300, abs=20)


def test_regulator_bandwidth_is_below_5_hz_and_its_dead_time_shows():
    spec = load.plant("nominal", "steel_blank")
    rows = on_micropython(job(spec, [[0, 0, CLOSED, 0], [100, 40000, CLOSED, 0]], 600, hz=8000))
    pressure = column(rows, "pressure_cn") / 100
    final = pressure[-1]
    first = int((pressure > final * 0.0005).argmax()) / 8
    assert 120 <= first <= 123
    rise = (int((pressure > 0.9 * final).argmax()) - int((pressure > 0.1 * final).argmax())) / 8000
    assert 0.34 / rise <= 5.01  # -3 dB frequency of two equal lags from their rise time (3.358 tau, 0.1024 / tau Hz)


def test_solenoids_reach_the_ramp_that_the_demo_needs_and_move_little_in_the_shortest_pulse():
    spec = load.plant("fill_vent", "steel_blank", {"valve.prefill_ratio": 1})
    spec["specimen"]["gap_nm"] = 10000
    force = column(on_micropython(job(spec, [[0, 0, FILL, 0]], 31000, hz=500, every=50)), "force_cn") / 100
    at_49 = int((force > 49100).argmax())
    assert force[at_49] - force[at_49 - 10] > 1327
    pulse = [[0, 0, FILL, 0], [450, 0, CLOSED, 0], [700, 0, FILL, 0], [703, 0, CLOSED, 0]]
    rows = on_micropython(job(spec, pulse, 900, hz=4000))
    force = column(rows, "force_cn") / 100
    assert 500 < force[2700] < 1000
    assert 1 < force[-1] - force[2700] < 6


def test_calibration_reads_the_true_force_but_for_what_it_cannot_know():
    spec = load.plant("nominal", "steel_blank")
    rows = on_micropython(job(spec, [[0, 30000, CLOSED, 0]], 2000, every=10))
    cells = load.calibration(spec)
    last = rows[-50:]
    total = sum(
        (column(last, f"raw_{i + 1}").mean() - c["zero_code"])
        * c["points"][1][1]
        / (c["points"][1][0] - c["points"][0][0])
        for i, c in enumerate(cells[:3])
    )
    assert total - column(last, "force_cn").mean() == pytest.approx(column(last, "error_high_cn").mean(), abs=150)


HEAD = 'name = "x"\ndescription = "x"\n'


def specimen_file(path, **values):
    rows = {"gap_mm": 1, "stiffness_n_um": 300, "toe_um": 10, **values}
    text = "".join(f'"{key}" = {{ value = {value}, source = "x" }}\n'.replace('"flow.', 'flow."') for key, value in rows.items())
    path.write_text(HEAD + text)
    return path


@pytest.mark.parametrize("hz", [50, 4000, 8000])
@pytest.mark.parametrize("stiffness", [1, 1.5, 2, 4.9, 5, 100000])
def test_the_softest_and_the_stiffest_specimen_can_be_pressed_and_broken(tmp_path, stiffness, hz):
    for toe in (0, load.TOE_LEAST_UM, 1000):
        spec = load.plant("nominal", specimen_file(tmp_path / "soft.toml", stiffness_n_um=stiffness, toe_um=toe))
        plant = Plant(spec, hz)
        for permille in (0, 400, 1000):
            plant.fracture_drop(permille)


@pytest.mark.parametrize(("values", "message"), [
    ({"stiffness_n_um": 0.9}, "stiffness_n_um: 0.9 is outside 1"), ({"stiffness_n_um": "nan"}, "stiffness_n_um: nan is outside"),
    ({"stiffness_n_um": "9" * 400}, "a number far too large is outside"),
    ({"stiffness_n_um": "9" * 5001}, "soft.toml: Exceeds the limit"),
    ({"stiffness_n_um": '"5"'}, "'5' is not a number"), ({"toe_um": 0.1}, "toe_um: 0, or at least 0.3"),
    ({"die_mm": "nan"}, "die_mm: nan"),
    ({"die_mm": '"13"'}, "die_mm: '13' is no number"), ({"fracture_n": "true"}, "fracture_n: True is no number"),
    ({"fracture_drop_pct": 101}, "fracture_drop_pct: 101 is no number from 0 to 100"),
    ({"kelvin_nm_per_n_and_s": "[[2.0]]"}, "kelvin_nm_per_n_and_s: this is no list of pairs"),
    ({"kelvin_nm_per_n_and_s": "[[2.0, 0.1]]"}, "kelvin_nm_per_n_and_s: this is no list of pairs"),
    ({"density_over_mpa": "5"}, "density_over_mpa: 5 is no list of pairs"),
])  # fmt: skip
def test_a_wrong_specimen_is_refused_with_file_and_key(tmp_path, values, message):
    with pytest.raises(load.PlantFileError, match=r"soft\.toml") as error:
        load.load_specimen(specimen_file(tmp_path / "soft.toml", **values))
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("raw", [b"\xff\xfea", b"a = " + b"[" * 3000 + b"]" * 3000, b"\xb5"])
def test_a_file_that_is_no_toml_is_refused_with_its_name(tmp_path, raw):
    (tmp_path / "odd.toml").write_bytes(raw)
    with pytest.raises(load.PlantFileError, match=r"odd\.toml"):
        load.load_specimen(tmp_path / "odd.toml")
