"""What a scenario can expect of a press, row by row. Forces are the plant's truth, not what the firmware believes."""

from collections.abc import Callable, Mapping
from typing import Any

from hil_tests.run import Run, Unmet, pulled


def expect(run: Run, wanted: Mapping[str, Any]) -> None:
    """Raises Unmet with everything that was found to be otherwise."""
    looked = Looked(run)
    found = {key: EXPECTATIONS[key](looked) for key in wanted}
    unmet = [key for key in wanted if not _meets(found[key], wanted[key])]
    wrong = [f"{key} is {found[key]!r}, not {wanted[key]!r}" for key in unmet]
    if wrong:
        raise Unmet("; ".join(wrong))


def why(run: Run) -> str:
    reason = run.press.tripped().reason
    return f" ({reason})" if reason else ""


def _meets(found: Any, wanted: Any) -> bool:
    """A list of two numbers is a range, one of texts a choice; a text must be in a found list; else they are equal."""
    if isinstance(wanted, list) and len(wanted) == 2 and not isinstance(found, list | str):
        return bool(wanted[0] <= found <= wanted[1])
    if isinstance(wanted, list) and isinstance(found, str):
        return found in wanted
    if isinstance(found, list) and not isinstance(wanted, list):
        return wanted in found
    return bool(found == wanted)


class Looked:
    """What is looked at once for all that one step expects."""

    def __init__(self, run: Run) -> None:
        self.run, self.press, self.target = run, run.press, run.target
        self._log: Any = None

    @property
    def log(self) -> Any:
        """Everything that the press has logged, decoded from what came over the wire."""
        if self._log is None:
            self.target.run_for(float(self.run.played["log_settles_s"]))  # the queue is written in the foreground
            self._log = pulled(self.press, self.run.log_from)
        return self._log


def _trips_logged(looked: Looked) -> list[str]:
    from stackpress_core.log import records

    return [str(one.fields["name"]) for one in looked.log.of(records.TRIP)]


# key -> what is found
EXPECTATIONS: dict[str, Callable[[Looked], Any]] = {
    "state": lambda at: at.press.state,
    "reason": lambda at: at.press.tripped().reason,
    "warned": lambda at: at.press.warnings(),
    "checks": lambda at: [check.code for check in at.press.checks()],
    "step": lambda at: at.press.program_state().step,
    "force_n": lambda at: at.target.truth()["force_n"],
    "most_force_n": lambda at: at.target.truth()["most_force_n"],
    "dump_open": lambda at: bool(at.target.truth()["dump_open"]),
    "drive_n": lambda at: at.target.truth()["drive_n"],
    "trips_logged": _trips_logged,
    "log_missing": lambda at: at.log.missing,
    "starts": lambda at: at.target.starts,
    "identity": lambda at: at.press.identity,
}
