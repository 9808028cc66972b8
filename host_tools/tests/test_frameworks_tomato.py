"""The press as a component of tomato's pipelines, by tomato's own classes: programs are tasks, refusals end them in words."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stackpress

if not os.environ.get("CI"):
    pytest.importorskip("tomato")

import pint
from tomato.drivers import driver_to_interface
from tomato.models import Task

from hil_tests.waiting import PATIENCE_S, until

PACKAGE = Path(__file__).parents[1] / "tomato_stackpress"
FOUND: dict[str, Any] = {
    "name": "tasked",
    "die_mm": 13,
    "step": [{"do": "contact", "to_n": 50}, {"do": "ramp", "to_n": 1000, "rate_n_per_s": 4000}, {"do": "hold", "for_s": 30},
             {"do": "release", "rate_n_per_s": 4000}],
}  # fmt: skip
HELD = {**FOUND, "name": "left_held", "at_end": "hold", "step": FOUND["step"][:2], "most_n": 3000}
LONG = {**FOUND, "name": "long", "step": [*FOUND["step"][:2], {"do": "hold", "for_h": 20}, FOUND["step"][3]]}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from hil_tests.targets.sim import SimTarget

    with SimTarget(pace="real", wall="real", state_dir=tmp_path_factory.mktemp("press"), board="tomato") as one:
        one.pace("real", 40.0)  # a sample each two seconds of the press
        with stackpress.open(one.port) as press:
            for program in (FOUND, HELD, LONG):
                press.program_ready(program)
        yield one


def task(technique: str, most_s: float, **params: Any) -> Task:
    return Task(component_role="press", max_duration=most_s, sampling_interval=0.05, technique_name=technique, task_params=params)


class Component:
    """tomato's driver with one press in it, and its calls for that press."""

    def __init__(self, port: str, **settings: Any) -> None:
        found = driver_to_interface("stackpress")
        assert found is not None
        self.driver = found(settings=settings)
        self.key = {"address": port, "channel": "1"}
        self.registered = self.driver.cmp_register(**self.key)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **words: getattr(self.driver, name)(**self.key, **words)

    def done(self, technique: str, most_s: float = PATIENCE_S, **params: Any) -> Any:
        """The data of a task, once it is over."""
        told = self.task_start(task=task(technique, most_s, **params))
        assert told.success, told.msg
        tasks = self.driver.devmap[tuple(self.key.values())].task_list
        until(lambda: not tasks.unfinished_tasks and not self.task_status().data["running"])
        return self.task_data().data

    def state(self) -> str:
        return str(self.cmp_get_attr(attr="state").data)

    def until(self, *states: str) -> None:
        until(lambda: self.state() in states)


@pytest.fixture
def component(target: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Component]]:
    monkeypatch.syspath_prepend(str(PACKAGE))
    made: list[Component] = []

    def make(port: str = target.port, **settings: Any) -> Component:
        made.append(Component(port, **settings))
        return made[-1]

    yield make
    for one in made:
        if one.registered.success:
            assert one.cmp_teardown().success
    sys.modules.pop("tomato_stackpress", None)
    with stackpress.open(target.port) as press:
        press.abort()
        until(lambda: press.state in ("ready", "safe"))
        if press.state == "ready":
            press.disarm()
        assert press.state == "safe"


def test_a_program_is_a_task_that_gives_its_forces_with_their_units_and_times(component: Callable[..., Component]) -> None:
    press = component()
    assert press.registered.success and press.registered.data == {"run", "set_force", "watch"}
    data = press.done("run", program="tasked", sample="LPS-17", operator="AB")
    assert float(data["force"].max()) == pytest.approx(1000, rel=0.05) and data["force"].attrs["units"] == "newton"
    assert data["pressure"].attrs["units"] == "pascal" and (data["uts"].diff("uts") > 0).all()
    assert str(data["state"].values[-1]) in ("safe", "ready") and press.cmp_get_attr(attr="reason").data == ""
    assert press.cmp_constants().data["identity"] == "SIM-tomato"


def test_a_cell_that_is_left_held_is_steered_by_the_next_task_and_outlives_the_job(component: Callable[..., Component]) -> None:
    press = component()
    press.done("run", program="left_held")
    data = press.done("set_force", most_s=1.0, force_setpoint="0.5 kN", rate="2 kN/s")
    assert float(data["force_setpoint"][-1]) == 500.0 and float(data["force"][-1]) == pytest.approx(500, abs=20)
    assert press.cmp_reset().success and press.state() == "holding"
    assert press.cmp_get_attr(attr="force").data.m_as("kN") == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("at_end", "left"), [("release", {"releasing", "ready", "safe"}), ("hold", {"holding"}), ("leave", {"holding"})]
)
def test_a_job_that_is_cancelled_leaves_the_press_as_the_settings_say(
    component: Callable[..., Component], at_end: str, left: set[str]
) -> None:
    press = component(at_end=at_end)
    press.task_start(task=task("run", 60, program="long"))
    press.until("holding")
    assert press.task_stop().success and press.cmp_reset().success
    press.until(*left)
    until(lambda: (press.cmp_get_attr(attr="step").data > 0) == (at_end == "leave"))


@pytest.mark.parametrize(
    ("technique", "params", "why"),
    [("run", {"program": "no such"}, "no such"), ("set_force", {"force_setpoint": "500 N"}, "")],
)
def test_what_the_press_refuses_ends_the_task_in_its_words_and_the_next_task_runs(
    component: Callable[..., Component], technique: str, params: dict[str, str], why: str
) -> None:
    press = component()
    press.done(technique, **params)
    reason = press.cmp_get_attr(attr="reason").data
    assert reason and why in reason
    assert len(press.done("watch", most_s=0.3)["uts"]) >= 2 and press.cmp_get_attr(attr="reason").data == ""


@pytest.mark.parametrize(
    ("params", "why"),
    [({"force_setpoint": "5 MPa"}, "dimensionality"), ({"force": "5 N"}, "read-only"), ({"colour": "red"}, "unknown attr")],
)
def test_a_task_that_can_not_be_meant_is_refused_before_it_begins(
    component: Callable[..., Component], params: dict[str, str], why: str
) -> None:
    told = component().task_validate(task=task("set_force", 1, **params))
    assert not told.success and why in told.msg


def test_a_press_that_is_not_there_is_not_registered_and_tried_again(component: Callable[..., Component], tmp_path: Path) -> None:
    lost = component(port=str(tmp_path / "tty"))
    assert not lost.registered.success and "tty" in lost.registered.msg and lost.driver.retries
    assert isinstance(component().cmp_get_attr(attr="force").data, pint.Quantity)
