"""The twenty-dollar press: its own image, one HX711 and a PWM valve at the wire."""

from pathlib import Path

import pytest
from stackpress import programs
from stackpress.link import Link

from hil_tests.devices.recorder import TRUTH_HZ
from hil_tests.targets.small_press import SmallTarget

pytestmark = pytest.mark.timeout(1800)
BOOTED_S = 0.95
PROGRAM = {"program/small": programs.to_json(programs.load(Path(__file__).with_name("small_ramp.toml")))}


def test_ticks_at_its_rate_sees_the_force_presses_and_vents_on_the_estop() -> None:
    with SmallTarget(documents=PROGRAM, gap_mm=0.02) as target:
        target.run_until(BOOTED_S)
        ticks, reads = target.word("TOKEN"), target.carrier.converter.reads
        target.run_for(0.1)
        assert target.word("TOKEN") - ticks in (99, 100, 101) and target.carrier.converter.reads - reads in (7, 8, 9)
        assert target.word("MISSED") == 0 and not target.carrier.converter.violations
        with Link(target.port, quiet_s=900) as link:
            assert link.query("CYCL:CHEC?") == '""'
            link.command("CYCL:ARM")
            target.run_for(0.02)
            written = bytes(target.chip.mcu.flash)
            link.command('PROG:STAR "small"')
            assert target.until(lambda: target.truth()["force_n"] > 100, 9.0, 0.02), link.query("CYCL:STAT?")
            assert abs(target.word("FORCE") / 100 - target.truth()["force_n"]) < 60
            assert target.truth()["valve_code"] > 0 and not target.truth()["dump_open"]
            assert bytes(target.chip.mcu.flash) == written, "the internal flash was written while the press was energised"
            assert target.carrier.one_shot.lapses == 0
            before, seen = target.time_s(), {}
            wires = target.carrier.wires
            wires.watch(target.board["pins"]["dump"], lambda level: seen.setdefault(level, wires.now_ns / 1e9))
            target.fault("estop")
            target.run_for(0.01)
            assert seen[0] - before < 0.003 and target.truth()["dump_open"]
            assert link.query("CYCL:STAT?") == "tripped" and "estop" in link.query("CYCL:TRIP:REAS?")
            target.run_for(0.02)
            assert not target.truth()["permissive"]


def test_two_solenoids_press_are_never_open_together_and_close_on_the_estop() -> None:
    with SmallTarget(plant="fill_vent", documents=PROGRAM, gap_mm=0.02) as target:
        target.run_until(BOOTED_S)
        wires, pins = target.carrier.wires, target.board["pins"]
        pulses, together = [0], []

        def watched(level: int) -> None:
            pulses[0] += level
            together.extend([1] * (wires.level(pins["fill"]) and wires.level(pins["vent"])))

        wires.watch(pins["fill"], watched)
        wires.watch(pins["vent"], watched)
        with Link(target.port, quiet_s=900) as link:
            assert link.query("CYCL:CHEC?") == '""'
            link.command("CYCL:ARM")
            target.run_for(0.02)
            link.command('PROG:STAR "small"')
            assert target.until(lambda: target.truth()["force_n"] > 400, 3.0, 0.02), link.query("CYCL:STAT?")
            assert abs(target.word("FORCE") / 100 - target.truth()["force_n"]) < 60 and pulses[0] >= 3
            target.fault("estop")
            target.run_for(0.02)
            assert not wires.level(pins["fill"]) and not wires.level(pins["vent"]) and target.truth()["dump_open"]
            assert link.query("CYCL:STAT?") == "tripped" and not together


def test_converter_that_died_is_named_and_the_press_still_ticks() -> None:
    with SmallTarget() as target:
        target.run_until(BOOTED_S)
        target.carrier.converter.dead = True
        ticks = target.word("TOKEN")
        target.run_for(0.1)
        assert target.word("TOKEN") - ticks in (99, 100, 101)
        with Link(target.port, quiet_s=900) as link:
            assert "stale" in link.query("CYCL:CHEC?")
            assert not target.truth()["permissive"]


def test_power_cut_keeps_the_journal_and_leaves_traces_of_the_pins(tmp_path: Path) -> None:
    with SmallTarget() as target:
        target.run_until(BOOTED_S)
        found = []
        for _ in range(2):
            with Link(target.port, quiet_s=900) as link:
                assert link.query("CYCL:CHEC?") == '""'
                found.append((int(link.query("SYST:TIME?").split(",")[0]), *map(int, link.query("LOG:STAT?").split(",")[:2])))
            if target.starts == 1:
                plant = target.carrier.plant
                target.restart()
                assert target.carrier.plant is plant
                target.run_until(BOOTED_S)
        (boot, first, following), after = found
        assert target.starts == 2 and after[:2] == (boot + 1, first) and after[2] > following
        assert target.word("MISSED") == 0 and not target.carrier.converter.violations
        target.leave_traces(tmp_path)
        assert len((tmp_path / "truth.csv").read_text().splitlines()) > 0.9 * BOOTED_S * TRUTH_HZ
        pins = (tmp_path / "pins.vcd").read_text()
        assert all(f" {name} $end" in pins for name in target.board["pins"])
