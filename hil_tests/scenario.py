"""Scenarios: what is done to a press and what must come of it, as data in hil_tests/scenarios/*.toml.

A file has a claim in one sentence, the press that it needs, and steps. A step is a table; its keys act in the order of
`player.ACTIONS`, and every one is a row there. All times are press time, which stands still between steps where the target can
do that, so a scenario means the same on a slow computer.

    claim = "an open guard vents a press that ramps"
    interlock = "guard"                        # the row that it proves, if it proves one
    begin = "ramp"; end = "acknowledged"       # steps that many share, from the form's file
    program = "press_and_hold"                 # ready-made, or in hil_tests/scenarios/programs; else the form's
    specimen = "steel_blank"; plant = "nominal"
    not_on = { serial = "why" }                # targets that can't run it
    no_short = "why"                           # it takes longer than a short form may
    [overrides] "valve.leak_um_h" = 5          # of the plant's file
    [params] force_limit_n = 21000             # of the press's configuration
    [ceilings] frame_rating_n = 30000
    [short]                                    # what is different in the short form: any of the keys above
    [[step]]
    fault = "guard"; run_s = 0.005
    expect = { state = "tripped", reason = "guard", dump_open = true }
    short = { run_s = 0.002 }                  # the step's, too; `only = "long"` leaves it out of the other form

The long form is what an operator would see; the short form takes at most two seconds of press time and runs on every target.
Both are made from the same file with the shared parts of scenarios/forms/long.toml and short.toml.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SCENARIOS = HERE / "scenarios"
FORMS = ("long", "short")
SHORT_S = 2.0  # longest press time of a short form
PRESS = ("program", "specimen", "plant", "seed", "overrides", "params", "ceilings", "target", "shrink", "begin", "end")
HEAD = ("claim", "interlock", "not_on", "no_short", "short", "step", *PRESS)


@dataclass(frozen=True)
class Scenario:
    """One file, read."""

    path: Path
    data: dict[str, Any]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def interlock(self) -> str:
        return str(self.data.get("interlock", ""))

    def excepted(self, target: str) -> str:
        """Why it can't run on this kind of target; empty if it can."""
        return str(self.data.get("not_on", {}).get(target, "" if target == "sim" else self.data.get("no_short", "")))

    def has(self, form: str) -> bool:
        """Whether there is such a form; without a short one it runs where time costs nothing."""
        return form == "long" or "no_short" not in self.data

    def form(self, name: str) -> dict[str, Any]:
        """What is played: press and steps of this form."""
        shared = tomllib.loads((SCENARIOS / "forms" / f"{name}.toml").read_text())
        own = {key: value for key, value in self.data.items() if key in PRESS}
        of_form = self.data.get("short", {}) if name == "short" else {}
        begin, end = {**own, **of_form}.get("begin"), {**own, **of_form}.get("end")
        whole = {**shared, **own, **of_form, "form": name}
        for table in ("params", "overrides", "ceilings"):
            whole[table] = {**shared.get(table, {}), **own.get(table, {}), **of_form.get(table, {})}
        steps = list(shared["begin"][begin]) if begin else []
        steps += [_step(one, name) for one in self.data["step"] if one.get("only", name) == name]
        steps += [self._named(one) for one in (shared["end"][end] if end else [])]
        return {**whole, "step": steps}

    def _named(self, step: dict[str, Any]) -> dict[str, Any]:
        """A shared step in which INTERLOCK stands for the row that this scenario proves."""
        expect = {key: self.interlock if value == "INTERLOCK" else value for key, value in step.get("expect", {}).items()}
        return {**step, "expect": expect} if expect else step


def _step(step: dict[str, Any], form: str) -> dict[str, Any]:
    other = step.get("short", {}) if form == "short" else {}
    whole = {key: value for key, value in {**step, **other}.items() if key not in ("short", "only")}
    if "expect" in step or "expect" in other:
        whole["expect"] = {**step.get("expect", {}), **other.get("expect", {})}
    return whole


def read(path: Path) -> Scenario:
    """Raises ValueError for a key that nobody reads; those of the steps are known where they are played (`player.checked`)."""
    data = tomllib.loads(path.read_text())
    unread = [key for key in data if key not in HEAD] + [f"short.{key}" for key in data.get("short", {}) if key not in PRESS]
    if unread or "claim" not in data or not data.get("step"):
        raise ValueError(f"{path.name}: unknown keys {unread}, or no claim, or no steps")
    return Scenario(path, data)


def all_scenarios() -> list[Scenario]:
    return [read(path) for path in sorted(SCENARIOS.glob("*.toml"))]


def documents_of(played: Mapping[str, Any], target_documents: Mapping[str, bytes]) -> tuple[dict[str, bytes], str]:
    """The press's documents with a form's parameters, ceilings and program in them; the program's name."""
    from stackpress import programs
    from stackpress_core import params

    from hil_tests.short_program import shrunk

    documents = {name: json.loads(text) for name, text in target_documents.items()}
    for name, value in played.get("params", {}).items():
        documents["config"]["params"][name] = params.to_raw(name, value)
    if "frame_rating_n" in played.get("ceilings", {}):
        documents["ceilings"]["frame_cn"] = round(100 * played["ceilings"]["frame_rating_n"])
    written = {name: json.dumps(document, separators=(",", ":")).encode() for name, document in documents.items()}
    own = SCENARIOS / "programs" / f"{played['program']}.toml"
    program = programs.load(own if own.exists() else str(played["program"]))
    if "shrink" in played:
        program = shrunk(program, played["shrink"])
    written[f"program/{program['name']}"] = programs.to_json(program)
    return written, str(program["name"])
