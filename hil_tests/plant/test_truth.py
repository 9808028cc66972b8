"""truth.csv: each number is the plant's own, and a row comes when something moved, or after a second."""

import random
from array import array

import pytest
from stackpress_core.tick import blackboard, states
from stackpress_plant import faults, load
from stackpress_plant.plant import Plant, words_of
from stackpress_plant.step import step
from stackpress_sim import truth, watch

S_AT = blackboard.AT


def press(plant="nominal", specimen="pellet_cell", hz=1000):
    spec = load.plant(plant, specimen)
    spec["specimen"]["gap_nm"] = 20000
    s = blackboard.new()
    s[S_AT["HZ"]] = hz
    return Plant(spec, hz, 3, words_of(S_AT)), s


def told(t):
    """The rows in the text, and the text is empty again."""
    rows = bytes(t.text[: t.words[8]]).decode().splitlines()
    t.flush()
    return rows


def wanted(plant, s):
    """The row that floating-point numbers give."""
    t = plant.truth()
    cell, valve = t["cell_cn"], t["valve_code"] / 65535
    if plant.spec["valve_kind"] == states.KIND_FILL_VENT:
        valve = bool(t["valve_state"] & states.VALVE_FILL) - bool(t["valve_state"] & states.VALVE_VENT)
    error = t["error_low_cn"] if s[S_AT["RANGE"]] else t["error_high_cn"]
    ms = s[S_AT["T_SECOND"]] * 1000 + s[S_AT["T_SUB"]] * 1000 // s[S_AT["HZ"]]
    numbers = (
        ms / 1000, s[S_AT["SET"]] / 100, t["force_cn"] / 100, *[cn / 100 for cn in cell], t["displacement_nm"] / 1e9, valve,
        s[S_AT["FORCE"]] / 100, error / 100, t["pressure_cn"] / 100, bool(t["valve_state"] & states.VALVE_DUMP_CLOSED),
        t["moves"], s[S_AT["STATE"]],
    )  # fmt: skip
    return ",".join(f"{number:.{decimals}f}" for number, (_, decimals) in zip(numbers, truth.COLUMNS, strict=True))


@pytest.mark.parametrize("kind", ["nominal", "fill_vent"])
@pytest.mark.parametrize("specimen", ["pellet_cell", "lithium_foil", "brittle_pellet"])
def test_every_number_of_a_row_is_the_plants_own(kind, specimen):
    plant, s = press(kind, specimen)
    chance, t = random.Random(kind + specimen), truth.Truth(None)
    for n in range(1500):
        if n % 50 == 0:
            s[S_AT["CODE"]] = chance.choice((0, 65535, chance.randrange(65536)))
            s[S_AT["VALVE"]] = chance.choice((12, 13, 13, 14, 12, chance.randrange(16)))
        if n % 300 == 299:
            name = chance.choice(sorted(faults.ROWS))
            plant.fault(name, chance.randrange(1, 5)) if chance.random() < 0.7 else plant.clear()
        step(s, plant.P)
        if n % 5 == 0:
            s[S_AT["T_SECOND"]], s[S_AT["T_SUB"]] = chance.randrange(1 << 29), chance.randrange(1000)
            s[S_AT["SET"]], s[S_AT["FORCE"]] = (chance.randrange(-(1 << 24), 1 << 24) >> chance.randrange(24) for _ in range(2))
            s[S_AT["RANGE"]], s[S_AT["STATE"]] = chance.randrange(2), chance.randrange(8)
            truth.row(s, plant.P, t.words)
            truth.line(t.words, t.text)
            assert told(t) == [wanted(plant, s)]


@pytest.mark.parametrize("permille", [80000, -80000])
def test_load_beyond_all_bounds_has_a_share_all_the_same(permille):
    plant, s = press()
    t = truth.Truth(None)
    plant.fault("off_centre", permille)
    step(s, plant.P)
    truth.row(s, plant.P, t.words)


def run(t, plant, s, ticks, force):
    """The ticks at which there was a row."""
    w, rows = watch.Watch().words, []
    for n in range(ticks):
        plant.P[74] = force(n)
        truth.look(s, plant.P, t.words, t.text, w)
        rows += [n for _ in told(t)]
    return rows


@pytest.mark.parametrize("hz", [80, 1000, 4000])
def test_row_comes_every_20_ms_while_the_force_moves_and_every_second_while_it_rests(hz):
    plant, s = press(hz=hz)
    t = truth.Truth(None)
    dense = -(-20 * hz // 1000)
    assert run(t, plant, s, 10 * dense, lambda n: 6400 * n) == list(range(0, 10 * dense, dense))
    rest = 6400 * 10 * dense
    # one row more says where it came to rest
    assert run(t, plant, s, 3 * hz + 1, lambda n: rest)[-3:] == [hz, 2 * hz, 3 * hz]


def test_step_of_the_force_has_its_row_in_the_tick_in_which_it_comes():
    plant, s = press()
    t = truth.Truth(None)
    assert run(t, plant, s, 700, lambda n: 0 if n < 555 else 64000) == [0, 555]


def test_full_text_ends_the_batch_and_nothing_is_lost(tmp_path):
    plant, s = press()
    file = tmp_path / "truth.csv"
    t, w, n = truth.Truth(str(file)), watch.Watch().words, 0
    while not w[0]:
        s[S_AT["SET"]], plant.P[74] = -123456789, 6400 * n
        truth.look(s, plant.P, t.words, t.text, w)
        n += 1
    assert w[0] == watch.TEXT
    t.flush()
    t._file.flush()
    rows = file.read_text().splitlines()
    assert rows[0].count(",") == len(truth.COLUMNS) - 1
    assert len(rows) > truth.ROOM_ROWS and all(row.count(",") == rows[0].count(",") for row in rows)


def test_watch_sees_each_of_its_words_and_no_other():
    chance = random.Random(1)
    seen = {"STATE", "MODE", "REACTION", "FIRST", "INPUTS", "RANGE", "ORDER_SEEN", "ACTIVE", "LATCHED", "WARNED"}
    for name, length, _ in blackboard.WORDS:
        for i in range(length):
            s, w = array("i", [chance.randrange(100) for _ in range(blackboard.LENGTH)]), watch.Watch().words
            s[S_AT["REACHED"]] = s[S_AT["RING_LEFT"]] = 5
            watch.arm(s, w)
            watch.look(s, w)
            assert w[0] == watch.NOTHING
            s[S_AT[name] + i] += 1
            watch.look(s, w)
            assert w[0] == (watch.BLACKBOARD if name in seen else watch.NOTHING), name


@pytest.mark.parametrize(("name", "before", "after", "woken"), [
    ("REACHED", 0, 1, watch.BLACKBOARD), ("REACHED", 1, 2, watch.NOTHING), ("REACHED", 7, 0, watch.BLACKBOARD),
    ("RING_LEFT", 1, 0, watch.BLACKBOARD), ("RING_LEFT", 9, 8, watch.NOTHING), ("RING_LEFT", -1, 900, watch.NOTHING),
])  # fmt: skip
def test_of_what_counts_the_zero_is_watched(name, before, after, woken):
    s, w = blackboard.new(), watch.Watch().words
    s[S_AT[name]] = before
    watch.arm(s, w)
    s[S_AT[name]] = after
    watch.look(s, w)
    assert w[0] == woken


def woken(w, s):
    watch.arm(s, w.words)
    watch.look(s, w.words)
    return w.words[0] == watch.BLACKBOARD


def test_bounds_that_a_part_waits_for_end_the_batch_in_the_tick_in_which_they_are_left():
    s, w = blackboard.new(), watch.Watch()
    assert w.keep(4, S_AT["FORCE_F"], -100, 200) and w.keep(5, S_AT["SET"], 0, 0) and w.keep(4, S_AT["DISPLACEMENT"], 7, 9)
    s[S_AT["DISPLACEMENT"]] = 8
    for force, wakes in ((-101, True), (-100, False), (200, False), (201, True)):
        s[S_AT["FORCE_F"]] = force
        assert woken(w, s) == wakes
    w.drop(4)
    assert w.kept == 1 and not woken(w, s)
    s[S_AT["SET"]] = 1
    assert woken(w, s)


def test_watch_has_so_many_rows_and_says_when_it_is_full():
    s, w = blackboard.new(), watch.Watch()
    kept = 0
    while w.keep(kept % 3, S_AT["FORCE_F"], -1, 1):
        kept += 1
    assert kept >= 8 and not woken(w, s)
    w.drop(1)
    assert w.keep(1, S_AT["FORCE_F"], 1, 2) and woken(w, s)
    for part in range(3):
        w.drop(part)
    assert w.kept == 0 and not woken(w, s)
