"""Scenarios: what is done to a press and what must come of it, as data in hil_tests/scenarios/*.toml.

A file has a claim in one sentence, the press that it needs, and steps. A step is a table; its keys act in the order of
`ACTIONS`, and every one is a row there. All times are press time, which stands still between steps, so a scenario means
the same on a slow computer and repeats bit for bit.

    claim = "an open guard vents a press that ramps"
    interlock = "guard"                        # the row that it proves, if it proves one
    program = "press_and_hold"                 # ready-made, or in hil_tests/scenarios/programs
    specimen = "steel_blank"; plant = "nominal"; wall = "press"
    [overrides] "valve.leak_um_h" = 5          # of the plant's file
    [params] force_limit_n = 21000             # of the press's configuration
    [ceilings] frame_rating_n = 30000
    [[step]]
    do = "start"                               # arm and start the program
    until_state = "pressing"; within_s = 10
    [[step]]
    fault = "guard"; run_s = 0.005
    expect = { state = "tripped", reason = "guard", dump_open = true }
"""

import csv
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stackpress
from stackpress.errors import PressRefused
from stackpress.press import Press

from hil_tests.targets.sim import SimTarget

HERE = Path(__file__).resolve().parent
SCENARIOS = HERE / "scenarios"
LOOK_S = 0.05  # how often a step that waits for something looks
HEAD = ("claim", "interlock", "program", "specimen", "plant", "seed", "overrides", "params", "ceilings", "target",
        "step")  # fmt: skip


class Unmet(AssertionError):
    """The press did something else than the scenario says."""


@dataclass
class Scenario:
    """One file, read."""

    path: Path
    data: dict[str, Any]

    @property
    def claim(self) -> str:
        return str(self.data["claim"])

    @property
    def interlock(self) -> str:
        return str(self.data.get("interlock", ""))


def read(path: Path) -> Scenario:
    """Raises ValueError for a key that nobody reads: it would be a typing error that tests nothing."""
    data = tomllib.loads(path.read_text())
    unread = [key for key in data if key not in HEAD]
    for step in data.get("step", []):
        unread += [key for key in step if key not in ACTIONS and key not in DETAILS]
        unread += [f"expect.{key}" for key in step.get("expect", {}) if key not in EXPECTATIONS]
    if unread or "claim" not in data or not data.get("step"):
        raise ValueError(f"{path.name}: unknown keys {unread}, or no claim, or no steps")
    return Scenario(path, data)


def all_scenarios() -> list[Scenario]:
    return [read(path) for path in sorted(SCENARIOS.glob("*.toml"))]


@dataclass
class Run:
    """A scenario while it runs."""

    scenario: Scenario
    target: SimTarget
    press: Press
    program: str
    step: Mapping[str, Any] = field(default_factory=dict)

    def look(self, key: str) -> Any:
        return self.step[key]


def documents_of(scenario: Scenario, target_documents: Mapping[str, bytes]) -> tuple[dict[str, bytes], str]:
    """The press's documents with the scenario's parameters, ceilings and program in them; the program's name."""
    import json

    from press import params
    from stackpress import programs

    documents = {name: json.loads(text) for name, text in target_documents.items()}
    for name, value in scenario.data.get("params", {}).items():
        documents["config"]["params"][name] = params.to_raw(name, value)
    if "frame_rating_n" in scenario.data.get("ceilings", {}):
        documents["ceilings"]["frame_cn"] = round(100 * scenario.data["ceilings"]["frame_rating_n"])
    written = {name: json.dumps(document, separators=(",", ":")).encode() for name, document in documents.items()}
    name = scenario.data.get("program", "")
    if name:
        own = SCENARIOS / "programs" / f"{name}.toml"
        program = programs.load(own if own.exists() else name)
        written[f"program/{program['name']}"] = programs.to_json(program)
        name = program["name"]
    return written, name


def play(scenario: Scenario, state_dir: Path) -> None:
    """Run a scenario on a fresh simulated press. Raises Unmet with the step's number and what was found."""
    from boards.sim.provision import commissioned
    from hil_tests.plant import load

    d = scenario.data
    spec = load.plant(d.get("plant", "nominal"), d.get("specimen", "steel_blank"), d.get("overrides"))
    documents, program = documents_of(scenario, commissioned(spec, "SIM-bench"))
    target = SimTarget(
        plant=d.get("plant", "nominal"), specimen=d.get("specimen", "steel_blank"), overrides=d.get("overrides"),
        seed=d.get("seed", 1), state_dir=state_dir, configured=False, documents=documents, **d.get("target", {}),
    )  # fmt: skip
    with target, stackpress.open(target.port) as press:
        run = Run(scenario, target, press, program)
        for number, step in enumerate(d["step"], 1):
            run.step = step
            try:
                for key, act in ACTIONS.items():
                    if key in step:
                        act(run, step[key])
            except (Unmet, PressRefused) as error:
                raise Unmet(f"{scenario.path.name}, step {number} ({_short(step)}): {error}") from error


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
        "lease": run.press.lease,
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
            raise Unmet(f"the press is {run.press.state}{_why(run)}, not {wanted}, after {within:g} s")
        run.target.run_for(LOOK_S)


def _until_step(run: Run, number: int) -> None:
    """Until the program is in its step `number`; 0: until it is over."""
    within = float(run.step.get("within_s", 600))
    end = run.target.time_s() + within
    while run.press.program_state().step != number:
        state = run.press.state
        if run.target.time_s() >= end or (number and state in ("tripped", "safe")):
            now = run.press.program_state().step
            raise Unmet(f"the press is {state}{_why(run)} in step {now}, not in step {number}")
        run.target.run_for(max(LOOK_S, within / 1000))


def _why(run: Run) -> str:
    reason = _reason(run)
    return f" ({reason})" if reason else ""


def _expect(run: Run, wanted: Mapping[str, Any]) -> None:
    found = {key: EXPECTATIONS[key](run) for key in wanted}
    unmet = [key for key in wanted if not _meets(found[key], wanted[key])]
    wrong = [f"{key} is {found[key]!r}, not {wanted[key]!r}" for key in unmet]
    if wrong:
        raise Unmet("; ".join(wrong))


def _meets(found: Any, wanted: Any) -> bool:
    """A list of two numbers is a range, one of texts a choice; a text must be in a found list; else they are equal."""
    if isinstance(wanted, list) and len(wanted) == 2 and not isinstance(found, list | str):
        return bool(wanted[0] <= found <= wanted[1])
    if isinstance(wanted, list) and isinstance(found, str):
        return found in wanted
    if isinstance(found, list) and not isinstance(wanted, list):
        return wanted in found
    return bool(found == wanted)


# key of a step -> what it does, in this order
ACTIONS: dict[str, Callable[[Run, Any], None]] = {
    "specimen": lambda run, name: run.target.specimen(name),
    "fault": _fault,
    "clear": _clear,
    "do": _do,
    "run_s": lambda run, seconds: (run.target.run_for(float(seconds)), None)[1],
    "until_state": _until_state,
    "until_step": _until_step,
    "expect": _expect,
}
DETAILS = ("value", "refused", "within_s", "note")


# --- what can be expected ---


def _reason(run: Run) -> str:
    return run.press.tripped().reason


def _truth_rows(run: Run) -> list[dict[str, str]]:
    with run.target.truth_file.open(newline="") as f:
        return list(csv.DictReader(f))


def _most(run: Run, column: str) -> float:
    return max(float(row[column]) for row in _truth_rows(run))


def _log(run: Run) -> Any:
    """Everything that the press has logged, decoded from what came over the wire."""
    from stackpress.logs.decode import decode

    run.target.run_for(1.0)  # the queue is written in the foreground
    state, data = run.press.log_state(), b""
    seq = state.first
    while seq < state.next:
        part = run.press.log_read(seq)
        if not part:
            break
        data += part
        seq = decode(data).last_seq + 1
    return decode(data)


def _trips_logged(run: Run) -> list[str]:
    from press import records

    return [str(one.fields["name"]) for one in _log(run).of(records.TRIP)]


# key -> what is found; forces are the plant's truth
EXPECTATIONS: dict[str, Callable[[Run], Any]] = {
    "state": lambda run: run.press.state,
    "reason": _reason,
    "warned": lambda run: run.press.warnings(),
    "checks": lambda run: [check.code for check in run.press.checks()],
    "step": lambda run: run.press.program_state().step,
    "force_n": lambda run: run.target.truth()["force_n"],
    "most_force_n": lambda run: _most(run, "Applied Force / N"),
    "dump_open": lambda run: bool(run.target.truth()["dump_open"]),
    "drive_n": lambda run: run.target.truth()["drive_n"],
    "trips_logged": _trips_logged,
    "log_missing": lambda run: _log(run).missing,
    "starts": lambda run: run.target.starts,
    "identity": lambda run: run.press.identity,
}
