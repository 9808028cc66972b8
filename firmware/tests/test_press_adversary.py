"""A hostile host, a clumsy operator, a failing board: none of them hurts the press, deceives anybody or loses a record."""

from bench_press import CODE, CONTACT, MemoryBoard, after_each, bench, documents, hold, ramp, recipe
from stackpress_core.documents import Documents
from stackpress_core.log import records
from stackpress_core.tick import blackboard, interlock, states
from stackpress_core.tick.tick import tick
from test_press_arming import codes, refusal

__all__ = ["after_each"]


def lines(b, text, passes=20):
    """A host sends these bytes at once; what it read afterwards."""
    b.board.serial.sent += text if isinstance(text, bytes) else text.encode()
    b.run_passes(passes)
    got = b.board.serial.got.decode()
    b.board.serial.got = b""
    return got


# -- orders in odd sequences


def test_every_order_that_was_answered_without_an_error_is_obeyed():
    """Orders in one line reach the mailbox before a tick has read the first: one of them must not be lost silently."""
    b = bench()
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run_passes(3)
    b.inputs = blackboard.IN_HEALTHY
    b.run_passes(3)
    assert lines(b, "CYCL:RES;ARM;:SYST:ERR?\n").strip() == '0,"No error"'
    assert b.press.readings.state_name == "ready"
    assert lines(b, "CYCL:DIS;MON ON;:SYST:ERR?\n").strip() == '0,"No error"'
    assert b.press.readings.state_name == "monitor"
    assert lines(b, "CYCL:MON OFF;:SYST:PASS:NEW '','horse-battery';CEN 'horse-battery';:SYST:ERR?\n", 60).strip() == '0,"No error"'
    assert b.press.readings.state_name == "service"


def test_order_that_comes_before_a_tick_has_read_the_last_is_refused_not_lost():
    b = bench()
    b.press.operator.arm()
    b.run_passes(1)
    b.press.operator.disarm()
    assert "before" in refusal(b.press.operator.monitor, True)
    b.run_passes(1)
    assert b.press.readings.state_name == "safe"
    b.press.operator.monitor(True)
    b.run_passes(1)
    assert b.press.readings.state_name == "monitor"


def test_arm_start_abort_and_reset_in_one_line_leave_nothing_moving():
    for line in ("CYCL:ARM;:PROG:STAR 'pellet';:STOP VENT;:CYCL:DIS", "CYCL:ARM;:PROG:STAR 'pellet';:CYCL:DIS;RES",
                 "CYCL:ARM;:PROG:STAR 'pellet'\n\x18CYCL:RES", "CYCL:ARM;:PROG:STAR 'pellet';:STOP;:CYCL:DIS"):  # fmt: skip
        b = bench()
        b.put(recipe(CONTACT, ramp(500000), hold(1000)))
        lines(b, line + "\n", 100)
        b.until_state(states.SAFE, 5)
        assert not b.press.runner.active and b.press.readings.filtered_cn < 100, line


def test_tripped_press_obeys_nothing_but_an_acknowledgement():
    b = bench().pressed()
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run_passes(2)
    for line in ("CYCL:ARM", "PROG:STAR 'pellet'", "CYCL:DIS", "CYCL:MON ON", "SYST:PASS:CEN 'e660-0001'", "SYST:REB",
                 "CYCL:RES", "STOP HOLD", "STOP", "*RST", "*CLS", "DATA:DEL 'config'", "CAL:ZERO"):  # fmt: skip
        lines(b, line + "\n", 5)
        assert b.word("STATE") == states.TRIPPED and b.valve_is_off, line
    assert b.press.readings.trip_reason == "estop" and not b.press.maintenance.serviced and b.board.resets == 0


def test_nothing_is_written_and_nobody_breaks_in_before_the_valve_is_off():
    """An abort is only an order until the tick has read it: the processor must not be taken from the tick before that."""
    b = bench().pressed()
    b.press.operator.abort()
    assert b.press.readings.state_name == "safe" and not b.valve_is_off
    assert refusal(b.press.settings.refuse_writing)
    assert refusal(b.press.maintenance.reboot)
    b.press.server.break_byte()
    assert not b.press.wants_prompt
    b.run_passes(2)
    b.press.settings.refuse_writing()
    b.press.server.break_byte()
    assert b.press.wants_prompt


def test_stop_byte_and_break_byte_in_one_piece_vent_before_anything_else():
    b = bench().pressed()
    b.board.serial.sent += b"\x18\x03"
    b.press.foreground(b.wall_ms)
    assert not b.press.wants_prompt
    b.run_passes(1)
    assert b.valve_is_off


# -- stops and trips


def test_hold_of_a_ram_that_touches_nothing_yet_vents_it():
    """Held drive would go on to move the ram: a press that says it is stopped must stand still."""
    far = {"do": "contact", "to_cn": 5000, "speed_um_per_s": 500}
    b = bench(approach_rate_n_per_s=10000)
    b.frozen = True
    b.started(far, hold(3600000), host_loss="hold")
    b.run(0.5)
    assert b.word("MODE") == states.APPROACH and b.word("DRIVE") > 0
    b.press.S[blackboard.AT["SIG_LEASE"]] = 1
    b.run_passes(2)
    assert b.word("STATE") == states.TRIPPED and b.word("REACTION") == interlock.VENT and b.valve_is_off
    b = bench(approach_rate_n_per_s=10000)
    b.frozen = True
    b.started(far, hold(3600000))
    b.run(0.5)
    b.press.operator.stop("hold")
    b.run(1)
    assert b.word("DRIVE") == 0


def test_fault_during_a_stop_escalates_and_keeps_the_first_reason():
    for stop in ("controlled", "hold"):
        b = bench().pressed()
        b.press.operator.stop(stop)
        b.run_passes(3)
        b.status = 0
        b.run(0.2)
        assert b.press.readings.trip_reason == "stale" and b.valve_is_off, stop


def test_fault_during_a_ramp_down_and_during_a_held_trip_vents():
    for reaction in ("hold", "ramp_down"):
        b = bench().pressed(host_loss=reaction)
        b.press.S[blackboard.AT["SIG_LEASE"]] = 1
        b.run_passes(3)
        assert b.word("STATE") == states.TRIPPED and not b.valve_is_off
        b.inputs &= ~blackboard.IN["guard_b"] & ~blackboard.IN["guard_a"]
        b.run_passes(1)
        assert b.valve_is_off and b.press.readings.trip_reason == "host_lease"


def test_emergency_stop_of_one_tick_is_kept():
    b = bench().pressed()
    p = b.press
    for inputs in (blackboard.IN_HEALTHY & ~blackboard.IN["estop_b"], blackboard.IN_HEALTHY, blackboard.IN_HEALTHY):
        b.inputs = inputs
        b.sample()
        tick(p.S, p.ring)  # no foreground in between
    assert b.word("STATE") == states.TRIPPED and b.valve_is_off and p.readings.trip_reason == "estop"


def test_abort_that_meets_with_a_held_trip_in_one_tick_vents():
    b = bench().pressed(host_loss="hold")
    b.press.operator.abort()
    b.press.S[blackboard.AT["SIG_LEASE"]] = 1
    b.run_passes(2)
    assert b.word("STATE") == states.TRIPPED and b.valve_is_off


def test_abort_is_not_lost_to_what_is_asked_next():
    b = bench().pressed()
    b.press.operator.abort()
    for ask, args in ((b.press.operator.monitor, (True,)), (b.press.maintenance.enter, (CODE,))):
        assert refusal(ask, *args)
    b.run_passes(1)
    assert b.valve_is_off and not b.press.maintenance.serviced


def test_bouncing_guard_trips_once_and_is_one_record():
    b = bench().pressed()
    for i in range(40):
        b.inputs = blackboard.IN_HEALTHY if i % 3 else blackboard.IN_HEALTHY & ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
        b.run_passes(1)
    b.inputs = blackboard.IN_HEALTHY
    b.run(1)
    assert b.valve_is_off and len(b.records(records.TRIP)) == 1


def test_trip_between_an_acknowledgement_and_the_next_pass_is_recorded():
    b = bench()
    p = b.press
    b.inputs &= ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]
    b.run_passes(3)
    b.inputs = blackboard.IN_HEALTHY
    b.run_passes(3)
    p.operator.reset()
    for inputs in (blackboard.IN_HEALTHY, blackboard.IN_HEALTHY & ~blackboard.IN["estop_a"] & ~blackboard.IN["estop_b"]):
        b.inputs = inputs
        b.sample()
        tick(p.S, p.ring)
    b.run_passes(3)
    assert p.readings.state_name == "tripped" and len(b.records(records.TRIP)) == 2


# -- the operator


def test_stop_button_that_is_held_keeps_the_press_from_starting():
    b = bench()
    b.put(recipe(CONTACT, ramp(500000)))
    b.inputs |= blackboard.IN["stop"]
    b.run_passes(2)
    assert codes(b) == ["stop_button"]
    b.push("start")
    assert b.press.readings.state_name == "safe"
    b.inputs &= ~blackboard.IN["stop"]
    b.run_passes(2)
    b.press.operator.arm()
    b.inputs |= blackboard.IN["stop"]
    b.run_passes(2)
    assert "stop button" in refusal(b.press.operator.start, "pellet")


def test_start_button_runs_only_what_was_selected():
    """After a power return nobody has selected anything: with several programs, the first by name is a guess."""
    b = bench()
    b.put(recipe(CONTACT, ramp(500000), name="another"))
    b.put(recipe(CONTACT, ramp(500000)))
    b.push("start")
    assert b.press.readings.state_name == "safe" and not b.press.runner.active
    notes = [event["text"] for event in b.records(records.EVENT) if event["code"] == records.EVENT_REFUSED]
    assert notes and "selected" in str(notes[-1])


def test_display_can_not_be_set_to_zero_under_load():
    b = bench().pressed()
    assert "N" in refusal(b.press.calibrator.tare)
    assert b.press.readings.shown_cn == b.press.readings.filtered_cn
    b = bench()
    b.extra_cn = 1000
    b.run(0.2)
    b.press.calibrator.tare()
    assert abs(b.press.readings.shown_cn) < 100 < b.press.readings.filtered_cn


def test_no_state_lets_a_force_be_hidden_from_the_display():
    """By hand, or by whatever else is no drive of ours."""
    for force_cn in (10100, 630000, -10100, 4000000):
        for state in ("safe", "monitor", "ready", "safe again", "service"):
            b = bench(valve_kind=states.KIND_NONE) if state == "monitor" else bench()
            p = b.press
            for begin in {"monitor": (lambda: p.operator.monitor(True),), "ready": (p.operator.arm,), "service": (lambda: b.serviced(),),
                          "safe again": (p.operator.arm, p.operator.disarm)}.get(state, ()):  # fmt: skip
                begin()
                b.run_passes(2)
            b.extra_cn = force_cn
            b.run(0.3)
            assert p.readings.state_name in (state.split()[0], "tripped"), state
            assert "would be hidden" in refusal(p.calibrator.tare), (state, force_cn)
            assert p.readings.shown_cn == p.readings.filtered_cn


def test_a_display_that_is_off_by_less_than_a_contact_is_set_to_zero_in_monitor_and_by_no_more():
    b = bench(valve_kind=states.KIND_NONE)
    b.press.operator.monitor(True)
    b.extra_cn = 2000
    b.run(0.3)
    b.press.calibrator.tare()
    assert abs(b.press.readings.shown_cn) < 100
    b.extra_cn = 3000
    b.run(0.3)
    assert "a force of 30 N would be hidden" in refusal(b.press.calibrator.tare)
    assert abs(b.press.readings.shown_cn - 1000) < 100


def test_program_is_kept_under_the_name_that_it_bears():
    b = bench()
    assert "name" in refusal(b.press.settings.put, "program/harmless", recipe(CONTACT, ramp(3000000), name="squash"))


# -- records


def flooded(b, line, times=300):
    for _ in range(times):
        b.board.serial.sent += line
        b.run_passes(1)
    return b.press.journal


def test_flood_of_commands_loses_no_record_and_does_not_fill_the_log():
    for line in (b"TRIG;TRIG;TRIG;TRIG\n", b"SYST:CONT 1700000000000;CONT 1700000000001;CONT 1;CONT 2\n",
                 b"STOP HOLD;:STOP HOLD;:STOP HOLD;:STOP HOLD\n", b"CYCL:RES;RES;RES;RES\n"):  # fmt: skip
        b = bench().pressed()
        before = b.press.journal.next_seq
        journal = flooded(b, line)
        assert journal.dropped == 0, line
        assert journal.next_seq - before < 150, (line, journal.next_seq - before)


def test_flood_of_tares_and_button_bounces_does_not_fill_the_log():
    b = bench()
    before = b.press.journal.next_seq
    flooded(b, b"CAL:TARE;TARE;TARE;TARE\n")
    for i in range(600):
        b.inputs = blackboard.IN_HEALTHY | (blackboard.IN["start"] if i & 1 else 0)
        b.run_passes(1)
    assert b.press.journal.dropped == 0 and b.press.journal.next_seq - before < 150


def test_configuration_that_comes_while_a_trip_is_being_written_leaves_its_window_whole():
    b = bench().pressed()
    b.inputs &= ~blackboard.IN["guard_a"] & ~blackboard.IN["guard_b"]
    b.run(0.6)
    b.inputs = blackboard.IN_HEALTHY
    b.run_passes(2)
    b.press.operator.reset()
    b.run_passes(2)
    b.put_as_owner("config", documents()["config"])
    b.run(10)
    window = b.flight()
    ticks = [tick for tick, _ in window]
    assert len(ticks) > 300 and ticks == list(range(ticks[0], ticks[0] + len(ticks)))


def test_crash_stays_to_be_acknowledged_over_a_power_cycle():
    b = bench(MemoryBoard(cause="crash"))
    assert "crash" in codes(b)
    again = bench(MemoryBoard(store=b.board.store, flash=b.board.flash), stored=False)
    assert "crash" in codes(again)
    again.press.operator.reset()
    assert codes(again) == []
    last = bench(MemoryBoard(store=b.board.store, flash=b.board.flash), stored=False)
    assert codes(last) == []


class FullStore:
    """A store that reads and takes nothing more."""

    def __init__(self, store):
        self.read, self.names = store.read, store.names

    def write(self, name, data):
        raise OSError(28)

    def remove(self, name):
        raise OSError(30)


def test_press_whose_store_takes_nothing_comes_up_safe_and_says_so():
    b = bench()
    store = b.board.store
    full = bench(MemoryBoard(store=FullStore(store), flash=b.board.flash), stored=False)
    full.run(0.1)
    assert full.press.readings.state_name == "safe" and "store" in codes(full)


class WornFlash:
    """A chip that reads; writing fails from some moment on."""

    def __init__(self, flash):
        self.flash, self.dead = flash, False
        self.size, self.PAGE, self.SECTOR, self.read = flash.size, flash.PAGE, flash.SECTOR, flash.read

    def program(self, address, data):
        if self.dead:
            raise OSError(5)
        self.flash.program(address, data)

    def erase(self, address):
        if self.dead:
            raise OSError(5)
        self.flash.erase(address)


def test_flash_that_fails_is_told_and_does_not_stop_a_held_cell():
    from stackpress_sim.nor_file import NorFile

    flash = WornFlash(NorFile(None, 64 * 4096))
    b = bench(MemoryBoard(flash=flash)).pressed()
    flash.dead = True
    b.run(30)
    assert b.word("STATE") == states.HOLDING and "storage" in b.press.readings.warnings()
    flash.dead = False
    b.run(5)
    b.press.journal.flush()
    b.press.journal.dropped = 0  # what the flash did not take was lost, and told


# -- odd documents


def test_documents_of_any_depth_or_size_are_refused_whole():
    b = bench()
    before = b.press.documents.text("config")
    deep = [b"[" * 8000, b'{"a":' * 1600, b"[" * 4000 + b"]" * 4000, b'{"format":1,"params":{"force_limit_n":' + b"9" * 7000 + b"}}",
            b'{"format":1,"params":{"force_limit_n":1e999}}', b'{"format":1,"params":{"force_limit_n":NaN}}', b"\xff\xfe\x00" * 50,
            b'{"format":1,"params":{"force_limit_n":-1}}', b"null", b'"x"', b"1", b""]  # fmt: skip
    for text in deep:
        try:
            b.press.documents.put("config", text)
        except Exception as error:
            assert type(error).__name__ in ("Refused", "ScpiError"), (text[:40], repr(error))
        else:
            raise AssertionError(text[:60])
    assert b.press.documents.text("config") == before
    b.press.settings.load()
    assert codes(b) == []


def test_largest_program_is_judged_and_one_more_step_is_refused():
    b = bench()
    most = recipe(CONTACT, *[hold(i + 1) for i in range(254)])  # as many as the log can number
    b.put(most)
    b.press.operator.arm()
    b.run_passes(1)
    b.press.operator.start("pellet")
    b.until(lambda: b.press.runner.step_number == 255, 60)
    b.press.operator.abort()
    b.run(12)
    assert "1 to 255 steps" in refusal(b.put, recipe(CONTACT, *[hold(1) for _ in range(255)]))


def test_names_of_any_letters_end_up_in_the_log_as_text():
    for sample in ("a''b", "\u00c4\u2713" * 20, "x" * 400, ';*RST;"', "\x7f\x01"):
        b = bench()
        b.put(recipe(CONTACT, ramp(100000)))
        b.press.operator.arm()
        b.run_passes(1)
        b.press.operator.start("pellet", sample, sample)
        b.run_passes(5)
        (run,) = b.records(records.RUN)
        assert run["program"] in ("pellet", b"pellet")
        text = run["sample"] if isinstance(run["sample"], str) else bytes(run["sample"]).rstrip(b"\0").decode()
        assert sample.startswith(text)


def test_stored_documents_exist_for_these_tests():
    assert Documents(bench().board.store).state("config") == "ok"


def test_low_cell_that_drifts_in_a_hold_does_not_press_what_it_no_longer_sees():
    b = bench()
    b.started(CONTACT, ramp(66400), hold(3600000))
    b.until_state(states.HOLDING)
    assert b.word("RANGE") == 1
    drive = b.word("DRIVE")
    for i in range(2000):
        b.codes = {3: (b.cells[3] - i * 20) * 25 + (i & 1)}  # a newton in 25 ms
        b.run_passes(1)
        if b.word("STATE") == states.TRIPPED:
            break
    assert b.press.readings.trip_reason == "imbalance" and b.word("DRIVE") < drive + 30000
