"""What the press leaves in its journal: each run's header and end, steps, trips and the flight recorder's window."""

from bench_press import CONTACT, HZ, VENT, MemoryBoard, after_each, bench, hold, ramp
from stackpress_core.log import records
from stackpress_core.tick import blackboard, interlock, states

__all__ = ["after_each"]


def test_start_of_the_press_is_recorded_with_cause_and_identity():
    b = bench(MemoryBoard(cause="watchdog"))
    (boot,) = b.records(records.BOOT)
    assert boot["identity"] == "e660-0001" and boot["name"] == "bench" and boot["cause"] == 2 and boot["boot"] == b.press.boot_id


def test_boot_number_rises_with_each_start():
    b = bench()
    numbers = [b.press.boot_id]
    for _ in range(4):
        numbers.append(bench(MemoryBoard(store=b.board.store), stored=False).press.boot_id)
    assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_run_has_a_header_steps_samples_and_an_end_with_its_zero():
    b = bench()
    b.put({"format": 1, "name": "pellet", "area_um2": 132732000, "sample": "LPSC 7", "operator": "ada",
           "steps": [CONTACT, ramp(500000), hold(2000), {"do": "release", "rate_cn_per_s": 500000}, VENT]})  # fmt: skip
    b.press.operator.arm()
    b.run_passes(1)
    b.press.operator.start("pellet")
    b.until_state(states.SAFE, 60)
    b.run(3)
    (run,) = b.records(records.RUN)
    assert (run["program"], run["sample"], run["operator"], run["area_um2"]) == ("pellet", "LPSC 7", "ada", 132732000)
    assert run["run"] == 1 and run["hz"] == HZ and any(run["program_hash"]) and any(run["config_hash"])
    (end,) = b.records(records.RUN_END)
    assert records.OUTCOMES[end["outcome"]] == "done" and abs(end["peak_cn"] - 500000) < 5000
    assert all(abs(zero) < 100 for zero in end["zero_cn"])
    steps = b.records(records.STEP)
    assert [step["kind"] for step in steps if step["phase"] == 1] == ["contact", "ramp", "hold", "release", "vent"]
    assert [step["count"] for step in steps if step["phase"] == 1] == [1, 2, 3, 4, 5]
    samples = [s for s in b.records(records.SAMPLE) if s["run"] == 1]
    held = [s for s in samples if s["state"] == states.HOLDING]
    assert held and all(s["force_min_cn"] <= s["force_mean_cn"] <= s["force_max_cn"] for s in samples)
    assert abs(held[-1]["force_mean_cn"] - 500000) < 1000


def spans(b):
    """(place in the program, count, from ms, to ms) of each step of run 1, and of each level of a sweep."""
    begun, out = {}, []
    for s in b.records(records.STEP):
        if s["phase"] == records.STEP_BEGINS:
            begun[s["count"]] = 1000 * s["t_s"] + s["t_ms"]
        else:
            out.append((s["step"], s["count"], begun[s["count"]], 1000 * s["t_s"] + s["t_ms"]))
    return out


def test_rows_end_with_their_step_and_carry_its_number():
    b = bench()
    up = dict(ramp(500000), note="up, gently")
    cycle = {"do": "cycle", "low_cn": 100000, "high_cn": 300000, "rate_cn_per_s": 500000, "count": 2}
    b.started(CONTACT, up, hold(7300), cycle, hold(1), {"do": "watch", "for_ms": 3}, hold(2600), VENT)
    b.until_state(states.SAFE, 90)
    b.run(1)
    rows = [(1000 * s["t_s"] + s["t_ms"], s) for s in b.records(records.SAMPLE)]
    found = {}
    for (before, _), (at, s) in zip(rows, rows[1:]):
        if s["step"]:
            found.setdefault(s["step"], []).append((before, at, s))
    told = spans(b)
    for place in range(1, 9):
        begun = min(a for step, _, a, _ in told if step == place)
        ended = max(e for step, _, _, e in told if step == place)
        inside = found.get(place, [])
        assert all(begun <= before and at <= ended for before, at, _ in inside), (place, begun, ended, inside)
        if ended > begun:
            assert inside[0][0] == begun and inside[-1][1] == ended, (place, begun, ended, inside)
    held = [s for _, _, s in found[3]]
    assert all(s["set_cn"] == 500000 and s["force_min_cn"] > 490000 for s in held)
    assert {s["cycle"] for _, _, s in found[4]} == {1, 2} and {s["cycle"] for _, _, s in found[7]} == {0}
    ticks = sum(s["ticks"] for _, _, s in found[3])
    assert abs(ticks - 7.3 * HZ) <= 2
    (note,) = [e for e in b.records(records.EVENT) if e["code"] == records.EVENT_STEP_NOTE]
    assert (note["text"], note["a"], note["b"]) == ("up, gently", 2, 2)


def test_a_row_tells_of_one_run_only():
    b = bench()
    for _ in range(2):
        b.started(CONTACT, ramp(200000), VENT)
        b.until_state(states.SAFE)
        b.run(1.5)
    for run, head in enumerate(b.records(records.RUN), 1):
        began = 1000 * head["t_s"] + head["t_ms"]
        ends = [1000 * s["t_s"] + s["t_ms"] for s in b.records(records.SAMPLE) if s["run"] >= run]
        assert min(ends) > began


def test_a_phase_that_begins_by_time_alone_is_seen_by_all_parts_and_so_by_the_log():
    b = bench()
    sweep = {"do": "sweep", "forces_cn": [300000, 200000], "rate_cn_per_s": 500000, "settled_for_ms": 500, "soak_ms": 700}
    b.started(CONTACT, sweep, VENT)
    b.until(lambda: b.press.runner.step.phase == 2)  # it soaks
    b.run(0.1)
    seen, look_all = [], b.press.scheduler.look_all
    b.press.scheduler.look_all = lambda: (seen.append(b.press.runner.step.phase), look_all())
    b.until(lambda: b.press.runner.step.phase == 3)
    assert seen == [3]


def test_what_is_measured_between_two_triggers_has_rows_of_its_own():
    b = bench(sample_sparse_s=20)
    sweep = {"do": "sweep", "forces_cn": [300000, 200000], "rate_cn_per_s": 500000, "settled_for_ms": 500, "soak_ms": 700,
             "trigger_ms": 200, "wait_trigger_ms": 60000}  # fmt: skip
    b.started(CONTACT, sweep, VENT)
    for _ in range(2):
        b.until(lambda: b.press.runner.waits_for_trigger, 60)
        b.run(12)
        b.press.operator.trigger()
        b.run(0.1)
    b.until_state(states.SAFE, 60)
    b.run(1)
    at = [(1000 * e["t_s"] + e["t_ms"], e["code"], e["a"]) for e in b.records(records.EVENT)]
    outs = [ms for ms, code, on in at if code == records.EVENT_TRIGGER_OUT and on]
    ins = [ms for ms, code, _ in at if code == records.EVENT_TRIGGER_IN]
    ends = [1000 * s["t_s"] + s["t_ms"] for s in b.records(records.SAMPLE)]
    assert len(outs) == len(ins) == 2
    for out, answer in zip(outs, ins):
        assert out in ends and any(0 <= end - answer <= 10 for end in ends)
        assert 10 < len([end for end in ends if out < end <= answer]) < 60


def test_hashes_of_a_run_change_with_the_document_and_only_then():
    b = bench()
    heads = []
    for to in (300000, 300000, 310000):
        b.started(CONTACT, ramp(to), VENT)
        b.until_state(states.SAFE)
        b.run(2)
        heads = b.records(records.RUN)
    assert heads[0]["program_hash"] == heads[1]["program_hash"] != heads[2]["program_hash"]
    assert heads[0]["calibration_hash"] == heads[2]["calibration_hash"]


def test_every_run_has_an_end_even_when_the_next_one_starts_at_once():
    b = bench()
    for _ in range(3):
        b.started(CONTACT, ramp(100000), VENT)
        b.until_state(states.SAFE)
    b.run(3)
    assert [(end["run"], records.OUTCOMES[end["outcome"]]) for end in b.records(records.RUN_END)] == [(1, "done"), (2, "done"), (3, "done")]
    assert [run["run"] for run in b.records(records.RUN)] == [1, 2, 3]


def test_nothing_that_lies_in_small_pieces_stays_of_a_program_that_is_over():
    b = bench()
    b.started(CONTACT, *[hold(100) for _ in range(20)], VENT)
    b.until_state(states.SAFE, 60)
    b.run(3)
    runner, totals = b.press.runner, b.press.panel.totals
    assert b.press.run_log.ended and runner.state == "done" and runner.time_left_ms == 0
    assert (runner.program["steps"], runner.expected_ms, runner.step.levels_cn, runner.step.says) == ((), (), (), {})
    assert totals.steps == 22 and totals.times == ()


def outcome_after(end):
    b = bench().pressed()
    end(b)
    b.run(12)
    (fields,) = b.records(records.RUN_END)
    return records.OUTCOMES[fields["outcome"]], fields


def test_end_of_a_run_says_how_it_ended():
    def opens_guard(b):
        b.inputs &= ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]

    assert outcome_after(lambda b: b.press.operator.stop("controlled"))[0] == "stopped"
    assert outcome_after(lambda b: b.press.operator.abort())[0] == "aborted"
    assert outcome_after(opens_guard)[0] == "tripped"
    ended, fields = outcome_after(lambda b: b.press.operator.stop("hold"))
    assert ended == "stopped" and fields["zero_cn"] == [records.ABSENT_I32] * 4


def tripped(hz=1000, **more):
    b = bench(tick_rate_hz=hz, valve_min_on_ms=5, **more)
    b.pressed()
    b.run_passes(2 * hz)
    b.inputs &= ~blackboard.IN["guard_b"] & ~blackboard.IN["guard_a"]
    b.run_passes(3 * hz)
    return b


def test_trip_record_says_what_the_press_knew():
    b = tripped()
    (trip,) = b.records(records.TRIP)
    assert trip["name"] == "guard" == interlock.NAMES[trip["reason"]] and trip["reaction"] == interlock.VENT
    assert trip["state"] == states.HOLDING and trip["trip"] == 1 and trip["run"] == 1
    assert not trip["inputs"] & blackboard.IN["guard_b"]


def test_window_of_the_flight_recorder_is_whole_and_shows_the_trip():
    b = tripped()
    window = b.flight()
    ticks = [tick for tick, _ in window]
    assert ticks == list(range(ticks[0], ticks[-1] + 1))
    assert ticks[0] <= -1000 and ticks[-1] >= 499
    seen = {tick: entry[4] & (1 << states.FLIGHT_MODE_AT) - 1 for tick, entry in window}
    assert seen[-1] == states.HOLDING or seen[0] == states.TRIPPED
    first = min(tick for tick, state in seen.items() if state == states.TRIPPED)
    assert first in (-1, 0) and all(state == states.TRIPPED for tick, state in seen.items() if tick >= first)
    before = [entry for tick, entry in window if tick < first]
    assert all(abs(entry[0] - 1000000) < 2000 and entry[1] == 1000000 and entry[3] > 0 for entry in before[-500:])
    after = [entry for tick, entry in window if tick > first + 2]
    assert all(entry[3] == 0 and entry[4] >> states.FLIGHT_VALVE_AT & blackboard.VALVE_POWERED == 0 for entry in after)


def test_second_trip_has_a_window_of_its_own():
    b = tripped()
    b.inputs = blackboard.IN_HEALTHY
    b.run(0.5)
    b.press.operator.reset()
    b.run(0.5)
    b.started(CONTACT, ramp(400000), hold(60000))
    b.until_state(states.HOLDING)
    b.run_passes(500)
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run_passes(3000)
    window = b.flight(2)
    ticks = [tick for tick, _ in window]
    assert ticks == list(range(ticks[0], ticks[-1] + 1)) and ticks[-1] >= 499
    held = [entry for tick, entry in window if -200 < tick < -1]
    assert len(held) == 198 and all(entry[1] == 400000 for entry in held)
    assert [trip["name"] for trip in b.records(records.TRIP)] == ["guard", "estop"]


def test_second_trip_while_the_first_window_is_written_leaves_that_window_alone():
    b = bench(tick_rate_hz=1000).pressed()
    b.run_passes(2000)
    b.inputs &= ~blackboard.IN["guard_b"] & ~blackboard.IN["guard_a"]
    b.run_passes(520)
    b.inputs = blackboard.IN_HEALTHY
    b.run_passes(2)
    b.press.operator.reset()
    b.run_passes(2)
    b.started(CONTACT, ramp(100000), hold(60000))
    b.run_passes(3)
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run_passes(3000)
    first = b.flight(1)
    assert [tick for tick, _ in first] == list(range(first[0][0], first[-1][0] + 1))
    assert all(entry[1] == 1000000 for tick, entry in first if -1000 < tick < -1)
    assert [trip["name"] for trip in b.records(records.TRIP)] == ["guard", "estop"]


def test_states_warnings_stops_and_resets_are_events():
    b = bench(hold_band_s=0, hold_band_reaction=0, hold_band_min_n=1000, hold_band_permille=1).pressed()
    b.frozen = True
    b.cells = [330000, 330000, 330000, 210000]
    b.run(1)
    b.frozen = False
    b.press.operator.stop("vent")
    b.until_state(states.SAFE)
    b.press.operator.reset()
    b.run(1)
    events = [(records.EVENTS[fields["code"]], fields["text"]) for fields in b.records(records.EVENT)]
    for wanted in (("state changed", ""), ("warning", "hold_band"), ("warning over", "hold_band"), ("stop asked", "vent")):
        assert wanted in events, wanted


def test_contact_with_the_host_keeps_its_clock_beside_press_time():
    b = bench()
    b.run(1.5)
    b.press.events.host_clock(1700000000123)
    (kept,) = b.records(records.TIME_MAP)
    assert (kept["unix_s"], kept["unix_ms"], kept["t_s"]) == (1700000000, 123, 1) and 500 <= kept["t_ms"] <= 540


def test_records_are_durable_within_five_seconds():
    b = bench().pressed()
    b.press.journal.flush()
    before = b.press.journal.next_seq
    b.press.events.host_clock(1700000000123)
    b.run(5)
    assert b.press.journal.durable_next > before


def test_record_of_every_kind_of_the_press_decodes():
    b = tripped()
    b.press.events.host_clock(1)
    kinds = {kind for kind, _ in b.records()}
    assert {records.SAMPLE, records.EVENT, records.RUN, records.STEP, records.TRIP, records.FLIGHT, records.BOOT,
            records.RUN_END, records.TIME_MAP} <= kinds  # fmt: skip


def test_samples_come_rarer_as_the_room_goes_where_nothing_can_be_written_while_energised():
    b = bench(sample_dense_ms=100).started(CONTACT, ramp(100000, 2000), hold(600000))
    spans = []
    for left in (1000, 499, 249, 0):
        b.board.flash.left_permille = left
        b.run(3)
        seen = len(b.records(records.SAMPLE))
        b.run(3.2)
        spans.append(len(b.records(records.SAMPLE)) - seen)
    assert 30 <= spans[0] <= 34 and 7 <= spans[1] <= 9 and 1 <= spans[2] <= 3 and spans[3] == 0, spans
