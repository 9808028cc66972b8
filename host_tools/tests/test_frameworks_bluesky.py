"""The press under Bluesky's own RunEngine by ophyd-async: a program is flown, a held cell's pressure scanned, a loss told."""

import asyncio
import contextlib
import os
import time
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
import stackpress

if not os.environ.get("CI"):
    pytest.importorskip("ophyd_async")

from bluesky import RunEngine
from bluesky import plan_stubs as bps
from bluesky import plans as bp
from bluesky import preprocessors as bpp
from bluesky.utils import FailedStatus
from ophyd_async.core import NotConnectedError, init_devices
from stackpress.frameworks import ophyd

from hil_tests.waiting import PATIENCE_S

AREA_M2 = 3.141592653589793 / 4 * 0.013**2
FLOWN: dict[str, Any] = {
    "name": "flown",
    "die_mm": 13,
    "step": [{"do": "contact", "to_n": 50}, {"do": "ramp", "to_n": 1000, "rate_n_per_s": 4000}, {"do": "hold", "for_s": 90},
             {"do": "release", "rate_n_per_s": 4000}],
}  # fmt: skip
HELD = {**FLOWN, "name": "held", "at_end": "hold", "step": FLOWN["step"][:2], "most_n": 3000}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from hil_tests.targets.sim import SimTarget

    with SimTarget(pace="real", wall="real", state_dir=tmp_path_factory.mktemp("press"), board="bluesky") as one:
        one.pace("real", 40.0)
        with stackpress.open(one.port) as press:
            for program in (FLOWN, HELD):
                press.program_ready(program)
        yield one


@pytest.fixture
def engine() -> Iterator[RunEngine]:
    one = RunEngine()
    yield one
    one.loop.call_soon_threadsafe(one.loop.stop)


@pytest.fixture
def press(target: Any, engine: RunEngine) -> Iterator[ophyd.StackPress]:
    with init_devices(connect=True):
        one = ophyd.StackPress(target.port, name="press")
    yield one
    ask(engine, one.close())
    with stackpress.open(target.port) as again:
        again.abort()
        ends = time.monotonic() + PATIENCE_S
        while again.state not in ("safe", "tripped") and time.monotonic() < ends:
            if again.state == "ready":
                again.disarm()
            time.sleep(0.02)
        assert again.state == "safe"


def emitted(engine: RunEngine, plan: Any) -> list[dict[str, Any]]:
    """The data of every event that a plan emits."""
    found: list[dict[str, Any]] = []

    def take(name: str, document: dict[str, Any]) -> None:
        if name == "event":
            found.append(document["data"])
        elif name == "event_page":
            columns = document["data"]
            found.extend(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))

    engine(plan, take)
    return found


def ask(engine: RunEngine, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives in the engine's loop."""
    return asyncio.run_coroutine_threadsafe(coroutine, engine.loop).result(20)


def test_a_program_is_flown_to_its_end_by_the_run_engine(engine: RunEngine, press: ophyd.StackPress) -> None:
    engine(bps.mv(press.program, "flown", press.sample, "LPS-17", press.operator, 'A "B"'))

    @bpp.run_decorator()  # type: ignore[untyped-decorator]
    def flight() -> Iterator[Any]:
        yield from bps.kickoff(press, wait=True)
        yield from bps.complete(press, group="over")
        yield from bps.trigger_and_read([press])
        yield from bps.wait("over")
        yield from bps.trigger_and_read([press], name="after")

    first, last = emitted(engine, flight())
    assert first["press-step"] >= 1 and last["press-step"] == 0 and last["press-state"] in ("safe", "ready")
    assert first["press-pressure"] == pytest.approx(first["press-force"] / AREA_M2, rel=1e-6)
    assert ask(engine, press.now()).run_state == "done"


def test_the_pressure_of_a_held_cell_is_scanned_and_stays_when_the_plan_is_over(
    engine: RunEngine, press: ophyd.StackPress
) -> None:
    engine(bps.mv(press.program, "held", press.pressure.rate, 30e6))
    flown = emitted(engine, bp.fly([press]))
    assert flown and {"press-force", "press-force-setpoint", "press-step"} == set(flown[0])
    rows = emitted(engine, bp.list_scan([press], press.pressure, [5e6, 10e6, 5e6]))
    assert [row["press-pressure"] for row in rows] == pytest.approx([5e6, 10e6, 5e6], rel=0.02)
    engine(bps.mv(press.force, 800.0))
    engine(bps.sleep(0.1))
    (row,) = emitted(engine, bp.count([press]))
    assert row["press-state"] == "holding" and row["press-force-setpoint"] == pytest.approx(800.0, abs=0.01)


def test_what_the_press_refuses_fails_the_plan_in_its_words(engine: RunEngine, press: ophyd.StackPress) -> None:
    engine(bps.mv(press.program, "no such program"))
    with pytest.raises(FailedStatus) as refused:
        engine(bp.fly([press]))
    assert "no such program" in str(refused.value.__cause__ or refused.value)
    with pytest.raises(FailedStatus):
        engine(bps.mv(press.force, 500.0))  # nothing is held


def test_a_trip_fails_the_plan_that_waits_for_the_program(engine: RunEngine, press: ophyd.StackPress, target: Any) -> None:
    engine(bps.mv(press.program, "held", press.force.rate, 100.0))
    engine(bp.fly([press]))
    target.pace("real")
    waits = asyncio.run_coroutine_threadsafe(press.force.come_to(2900.0), engine.loop)
    try:
        while ask(engine, press.now()).set_n < 1001.0:
            time.sleep(0.02)
        target.fault("guard")
        with pytest.raises(stackpress.PressTripped, match="guard"):
            waits.result(20)
        with pytest.raises(FailedStatus) as refused:
            engine(bps.mv(press.force, 1000.0))
        assert "guard" in str(refused.value.__cause__)
    finally:
        target.pace("real", 40.0)
        target.clear_fault("guard")
        ends = time.monotonic() + PATIENCE_S
        while ask(engine, press.now()).state == "tripped" and time.monotonic() < ends:
            with contextlib.suppress(stackpress.PressRefused):  # the guard's closing takes a moment
                ask(engine, press.call("reset"))


def test_who_listens_to_a_press_that_is_lost_is_told_that_its_value_is_none() -> None:
    async def listened() -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        press = ophyd.StackPress(name="press")
        lost = False

        async def call(verb: str, *_: Any, **__: Any) -> Any:
            if lost:
                raise stackpress.LinkLost("unplugged")
            return ophyd.Snapshot("holding", force_n=5.0)

        press.call = call  # type: ignore[method-assign]

        def hear(reading: dict[str, Any]) -> None:
            heard.append(reading["press-force"])

        press.force.readback.subscribe_reading(hear)
        await asyncio.sleep(2 * ophyd.PERIOD_S)
        lost = True
        await asyncio.sleep(2 * ophyd.PERIOD_S)
        press.force.readback.clear_sub(hear)
        return heard

    heard = asyncio.run(listened())
    assert (5.0, 0) in [(one["value"], one["alarm_severity"]) for one in heard] and heard[-1]["alarm_severity"] == ophyd.INVALID


def test_a_press_that_is_not_there_is_not_connected(engine: RunEngine, tmp_path: Any) -> None:
    with pytest.raises(NotConnectedError), init_devices():
        press = ophyd.StackPress(str(tmp_path / "tty"))  # noqa: F841 - devices are found by their variables
