"""Play a scenario on a target: what a step can do, row by row, and what is left behind when it does not do what it claims."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stackpress.errors import PressRefused

from hil_tests import bundle
from hil_tests.expectations import EXPECTATIONS, expect, why
from hil_tests.run import LOOK_S, Run, Unmet
from hil_tests.scenario import SHORT_S, Scenario
from hil_tests.targets import choice
from hil_tests.targets.base import Target

DETAILS = ("value", "refused", "within_s", "note", "short", "only")


def play(scenario: Scenario, form: str, kind: str, folder: Path, port: str = "",
         over: Callable[[Target], None] = lambda target: None) -> float:
    """Run one form of a scenario on a fresh press; the press time it took. Raises Unmet with step and finding.

    What went wrong is left in `folder` then: log, truth, pins, console. `over` is called when all went well.
    """
    played = checked(scenario).form(form)
    target, press, program, log_from = choice.start(kind, played, port)
    with target, press:
        run = Run(played, target, press, program, log_from)
        began_s = target.time_s()
        try:
            _steps(run)
        except BaseException as error:
            wrong = f"{scenario.path.name} ({form}), step {run.number} ({_short(run.step)}): {error}"
            bundle.leave(folder, scenario.path, wrong, target, press)
            if isinstance(error, Unmet | PressRefused | TimeoutError):
                raise Unmet(f"{wrong}\n{folder} has what is left of it") from error
            raise
        took_s = target.time_s() - began_s
        if form == "short" and kind == "sim" and took_s > SHORT_S:  # elsewhere each question adds the time of its answer
            raise Unmet(f"{scenario.path.name}: the short form took {took_s:.2f} s of press time, more than {SHORT_S:g} s")
        over(target)
    return took_s


def checked(scenario: Scenario) -> Scenario:
    """Raises ValueError for a key of a step that nobody reads: it would be a typing error that tests nothing."""
    unread = []
    for step in scenario.data["step"]:
        for one in (step, step.get("short", {})):
            unread += [key for key in one if key not in ACTIONS and key not in DETAILS]
            unread += [f"expect.{key}" for key in one.get("expect", {}) if key not in EXPECTATIONS]
    if unread:
        raise ValueError(f"{scenario.path.name}: unknown keys {unread}")
    return scenario


def _steps(run: Run) -> None:
    for number, step in enumerate(run.played["step"], 1):
        run.number, run.step = number, step
        for key, act in ACTIONS.items():
            if key in step:
                act(run, step[key])


def _short(step: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in step.items() if key != "expect")


# --- what a step can do ---


def _do(run: Run, what: str) -> None:
    verbs: dict[str, Callable[[], Any]] = {
        "arm": run.press.arm,
        "disarm": run.press.disarm,
        "start": lambda: _start(run),
        "reset": run.press.reset,
        "abort": run.press.abort,
        "monitor": run.press.monitor,
        "stop": run.press.stop,
        "stop hold": lambda: run.press.stop("hold"),
        "stop vent": lambda: run.press.stop("vent"),
        "lease": lambda: run.press.lease(float(run.step.get("value", 30))),
        "trigger": run.press.trigger,
        "restart": run.target.restart,
        "reboot": run.press.reboot,
        "unplug": run.press.close,
        "plug": run.press.reopen,
    }
    refused = run.step.get("refused")
    try:
        verbs[what]()
    except PressRefused as refusal:
        if refused is None or refused not in str(refusal):
            raise
    else:
        if refused is not None:
            raise Unmet(f"{what} was not refused")
    if what in ("restart", "reboot"):
        run.press.reopen()


def _start(run: Run) -> None:
    run.press.arm()
    run.target.run_for(0.01)
    run.press.start(run.program)


def _fault(run: Run, name: str) -> None:
    run.target.fault(name, run.step.get("value"))


def _clear(run: Run, name: str) -> None:
    run.target.clear_fault(None if name == "all" else name)


def _until_state(run: Run, wanted: str) -> None:
    within = float(run.step.get("within_s", 120))
    end = run.target.time_s() + within
    while run.press.state != wanted:
        if run.target.time_s() >= end:
            raise Unmet(f"the press is {run.press.state}{why(run)}, not {wanted}, after {within:g} s")
        run.target.run_for(run.look_s)


def _until_step(run: Run, number: int) -> None:
    """Until the program is in its step `number`; 0: until it is over."""
    within = float(run.step.get("within_s", 600))
    end = run.target.time_s() + within
    while run.press.program_state().step != number:
        state = run.press.state
        if run.target.time_s() >= end or (number and state in ("tripped", "safe")):
            now = run.press.program_state().step
            raise Unmet(f"the press is {state}{why(run)} in step {now}, not in step {number}")
        run.target.run_for(run.look_s if run.played["form"] == "short" else max(LOOK_S, within / 1000))


# key of a step -> what it does, in this order
ACTIONS: dict[str, Callable[[Run, Any], None]] = {
    "specimen": lambda run, name: run.target.specimen(name),
    "fault": _fault,
    "clear": _clear,
    "do": _do,
    "run_s": lambda run, seconds: (run.target.run_for(float(seconds)), None)[1],
    "until_state": _until_state,
    "until_step": _until_step,
    "expect": expect,
}
