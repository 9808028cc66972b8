"""The press from Python: whatever names a program starts it, and what can't be started leaves no press armed."""

import math
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stackpress
from stackpress import programs
from stackpress.config.complaints import ConfigError
from stackpress.errors import WrongInput

from host_tools.tests.short_pellet import short

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")

SHORT = short(1500.5)
DEVICE = {
    "format": 1,
    "name": "device",
    "steps": [{"do": "contact", "to_cn": 5000, "speed_um_per_s": 500}, {"do": "hold", "for_ms": 3600000}, {"do": "vent"}],
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from hil_tests.targets.sim import SimTarget

    with SimTarget(pace="real", wall="real", state_dir=tmp_path_factory.mktemp("press"), board="python") as one:
        one.pace("fast")
        yield one


@pytest.fixture
def press(target: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[stackpress.Press]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.toml").write_text(SHORT)
    with stackpress.open(target.port) as one:
        yield one
        one.abort()  # never refused: its program may end by itself just now
        while one.state != "safe":
            time.sleep(0.01)
        for name in one.programs():
            one.program_delete(name)


@pytest.mark.parametrize(
    "program",
    ["short.toml", Path("short.toml"), tomllib.loads(SHORT), programs.parse(SHORT)[0], DEVICE, "kbr_pellet"],
    ids=["path as text", "path", "dict from tomllib", "dict in the press's form", "the same by hand", "ready-made"],
)
@pytest.mark.parametrize("begin", ["run", "arm and start"])
def test_a_program_starts_whatever_names_it(press: stackpress.Press, program: Any, begin: str) -> None:
    before = press.program_state().run
    if begin == "run":
        number = press.run(program, sample="LPS-17")
    else:
        press.arm()
        number = press.start(program, sample="LPS-17")
    now = press.program_state()
    assert number == now.run == before + 1 and press.state in ("pressing", "holding", "releasing")
    assert now.name in press.programs()


def test_a_dict_from_tomllib_is_the_same_program_as_its_file(press: stackpress.Press) -> None:
    loaded = programs.load("short.toml")
    assert programs.document(tomllib.loads(SHORT)) == loaded == programs.document(loaded)


def test_numbers_of_numpy_are_the_numbers_that_they_are() -> None:
    sweep = {"do": "sweep", "pressures_mpa": np.linspace(2, 10, 5), "rate_mpa_per_s": np.float64(5), "soak_s": np.int64(1)}
    by_numpy = {"name": "a", "die_mm": np.float64(13), "step": [{"do": "contact", "to_n": np.int32(50)}, sweep]}
    plain = {**sweep, "pressures_mpa": [2, 4, 6, 8, 10], "rate_mpa_per_s": 5, "soak_s": 1}
    assert programs.document(by_numpy) == programs.document(
        {"name": "a", "die_mm": 13, "step": [{"do": "contact", "to_n": 50}, plain]}
    )
    with pytest.raises(ConfigError, match="no number that a press could use"):
        programs.document({"name": "a", "step": [{"do": "contact", "to_n": np.float64("nan")}]})


@pytest.mark.parametrize("program", [5, None, b"x.toml", ["x.toml"]])
def test_what_is_no_program_is_told_and_nothing_is_sent(press: stackpress.Press, program: Any) -> None:
    with pytest.raises(WrongInput, match="is no program"):
        press.run(program)
    assert press.programs() == [] and press.state == "safe"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "5 MPa", [5]])
def test_what_is_no_number_steers_nothing(press: stackpress.Press, value: Any) -> None:
    for order in (press.extend, press.set_point, lambda one: press.set_point(100, rate_n_per_s=one)):
        with pytest.raises(WrongInput, match="no number to work with"):
            order(value)


def test_a_program_on_the_press_is_not_sent_again(press: stackpress.Press) -> None:
    press.program_push("short.toml")
    Path("short.toml").unlink()
    assert press.program_ready("short") == ("short", False)
    press.run("short")


WRONG: list[tuple[Any, type[Exception], str]] = [
    ("shrot", stackpress.NoSuchProgram, "no program shrot"),
    ("missing.toml", ConfigError, "missing.toml"),
    (Path("missing.toml"), ConfigError, "missing.toml"),
    ({}, ConfigError, "name"),
    ({"name": "x", "step": [{"do": "ramp", "to_n": 9e9, "rate_n_per_s": 1}]}, ConfigError, "to_n"),
    ({"name": "x", "step": [{"do": "ramp", "to_n": float("nan"), "rate_n_per_s": 1}]}, ConfigError, "to_n"),
    (tomllib.loads(SHORT.replace("to_n = 1500.5", "to_n = 60000")), ConfigError, "55000"),
    (DEVICE | {"name": "no name"}, stackpress.PressRefused, ""),
    (DEVICE | {"steps": [{"do": "ramp", "to_cn": 7_000_000, "rate_cn_per_s": 100_000}]}, stackpress.PressRefused, "70000 N"),
    ('quote"d\n', stackpress.NoSuchProgram, "no program"),
]


@pytest.mark.parametrize(("program", "error", "told"), WRONG)
@pytest.mark.parametrize("begin", ["run", "arm and start"])
def test_what_can_t_be_started_is_told_and_leaves_the_press_safe(
    press: stackpress.Press, program: Any, error: type[Exception], told: str, begin: str
) -> None:
    def armed_start(program: Any) -> int:
        press.arm()
        return press.start(program)

    start: Callable[[Any], int] = press.run if begin == "run" else armed_start
    with pytest.raises(error) as raised:
        start(program)
    assert told in str(raised.value) and press.state == "safe"


def test_a_mistyped_name_is_told_with_what_may_be_meant(press: stackpress.Press) -> None:
    press.program_push("short.toml")
    with pytest.raises(stackpress.NoSuchProgram) as raised:
        press.run("shrot")
    assert raised.value.__notes__ == ["Did you mean short?"]


def test_a_sample_s_name_that_no_line_can_hold_leaves_the_press_safe(press: stackpress.Press) -> None:
    press.arm()
    with pytest.raises(ValueError, match="control"):
        press.start("short.toml", sample="a\nb")
    assert press.state == "safe"


def test_an_exception_in_a_script_leaves_no_press_armed(target: Any) -> None:
    with pytest.raises(ZeroDivisionError), stackpress.open(target.port) as press:
        press.arm()
        raise ZeroDivisionError
    with stackpress.open(target.port) as press:
        assert press.state == "safe"


def test_what_another_session_armed_stays_armed(target: Any) -> None:
    with stackpress.open(target.port) as press:
        press.arm()
    with pytest.raises(stackpress.NoSuchProgram), stackpress.open(target.port) as press:
        press.start("shrot")
    with stackpress.open(target.port) as press:
        assert press.state == "ready"
        press.disarm()
