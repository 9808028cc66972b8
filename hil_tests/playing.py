"""Play a scenario on a target: what a step can do, row by row, and what is left behind when it does not do what it claims."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackpress.errors import PressRefused
from stackpress.press import Press

from hil_tests import bundle
from hil_tests.expecting import Unmet, expect, why
from hil_tests.scenario import SHORT_S, Scenario
from hil_tests.targets import choice
from hil_tests.targets.base import Target

LOOK_S = 0.05  # how often a step that waits for something looks
LOOK_SHORT_S = 0.02
DETAILS = ("value", "refused", "within_s", "note", "short", "only")


@dataclass
class Run:
    """A scenario while it runs."""

    played: Mapping[str, Any]
    target: Target
    press: Press
    program: str
    log_from: int = 0  # records before this one are of somebody else's doing
    step: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0

    @property
    def look_s(self) -> float:
        return LOOK_SHORT_S if self.played["form"] == "short" else LOOK_S


def play(scenario: Scenario, form: str, kind: str, folder: Path, port: str = "") -> float:
    """Run one form of a scenario on a fresh press; the press time it took. Raises Unmet with step and finding.

    What went wrong is left in `folder` then: log, truth, pins, console.
    """
    played = scenario.form(form)
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
    return took_s


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
