"""A press on a serial port as a target of tests: a flashed board, or a simulated press that somebody else has started.

    with SerialTarget("/dev/ttyACM0") as target:
        target.press.arm()             # the one open link: scenario and target share it
        target.run_for(0.5)            # until the press's own clock says so, however fast it goes
        target.fault("estop")

Press time does not stand still between calls: what a scenario does takes as long as it takes. A board that simulates its plant
(capability "faults") is given the scenario's plant, specimen and documents, over the wire and by the host's own package. A press
of steel is given none of them and never moved: `excepted` says why a scenario is not for it.
"""

import json
import time
from collections.abc import Callable, Mapping, Set
from functools import cache
from pathlib import Path
from typing import Any

from stackpress.errors import LinkLost, NoPress, PressRefused
from stackpress.link import Link
from stackpress.press import Press
from stackpress.scpi_text import quoted
from stackpress_plant import load

from hil_tests.devices import wire_bits
from hil_tests.targets import known_state

QUIET_S = 30.0  # a board in the middle of writing its flash, or an emulated one, takes its time
BOOT_S = 20.0  # wall time within which a board is back after a restart, at least
LOOK_S = 0.02  # shortest nap between two looks at the clock
GONE_S = 3.0  # nothing comes back from a press that restarts; a port that stays does not tell
NAP_S = 0.5
FRESH_S = 0.5  # of wall time: so old may an answer be that is carried on
LONG_S = 5.0  # two answers further apart than this say nothing of how fast the press goes now
TRUTH = ("force_cn", "displacement_nm", "pressure_cn", "valve_code", "valve_state", "moves", "most_force_cn")
STEEL = "needs faults, specimens and truth that only a simulated plant can give"
NOT_BY_WIRE: tuple[tuple[Callable[[Mapping[str, Any]], bool], str], ...] = (
    (lambda d: any(step.get("do") == "restart" for step in d["step"]), "the plug can't be pulled over a serial port"),
    (lambda d: "flash_bytes" in d.get("target", {}), "the journal is as large as the board's chip"),
)


def excepted(scenario: Mapping[str, Any], able: Set[str]) -> str:
    """Why a scenario (one form of it) can't run on a board with these capabilities; empty if it can.

    Each one chooses a specimen and a configuration and moves the ram: on a press of steel that is for the people at it to do.
    """
    if "faults" not in able:
        return STEEL
    return next((reason for holds, reason in NOT_BY_WIRE if holds(scenario)), "")


@cache
def capabilities(port: str) -> frozenset[str]:
    """What the board on this port can do; asked once."""
    with Link(port, QUIET_S) as link:
        return frozenset(link.query("*OPT?").split(","))


class SerialTarget:
    """One press on a port; times in press seconds since its boot. `documents` as the simulated press takes them."""

    def __init__(
        self,
        port: str,
        plant: str | Path = "nominal",
        specimen: str | Path = "steel_blank",
        overrides: Mapping[str, Any] | None = None,
        documents: Mapping[str, bytes] | None = None,
        configured: bool = True,
        quiet_s: float = QUIET_S,
    ) -> None:
        self.press = Press(Link(port, quiet_s))
        self._rate = 1.0  # press seconds for a wall second, as seen last
        self._last_s = self._asked = 0.0  # press time when it was asked last, and the wall's then
        self._set_back_s = 0.0  # how far that answer was behind the one before: the press has restarted
        self._hangs = False  # the next run is one in which the foreground hangs
        self._spec = load.plant(plant, specimen, overrides)
        try:
            self.capabilities = set(self.press.query("*OPT?").split(","))
            self.simulates = "faults" in self.capabilities
            self._first_boot = self.press.time().boot_id
            self._begin(documents or {}, configured)
            self.log_from = self.press.log_state().next  # what was logged before is of somebody else's doing
        except BaseException:
            self.press.close()
            raise

    def _begin(self, documents: Mapping[str, bytes], configured: bool) -> None:
        press = self.press
        if not self.simulates:
            if press.state not in ("safe", "ready", "monitor"):
                refused = f"the press is {press.state}, and it is no simulated one: it is left alone"
                raise PressRefused([(-221, refused)], "hil")
            return
        self.clear_fault()
        known_state.make_safe(self)
        if configured:
            from stackpress.simulator.provision import commissioned

            documents = {**commissioned(self._spec, press.identity), **documents}
        known_state.provide(self, self._spec, documents)
        press.log_pulled(max(0, press.log_state().next - 1))  # a small journal in RAM must not run full over many scenarios
        self.run_for(0.1)
        known_state.make_safe(self)

    @property
    def port(self) -> str:
        return self.press.port

    @property
    def identity(self) -> str:
        return self.press.identity

    @property
    def starts(self) -> int:
        """How often the firmware was started since this target found it, that start included."""
        return self.press.time().boot_id - self._first_boot + 1

    # -- time ------------------------------------------------------------------------------------------------------

    def time_s(self) -> float:
        """The press's own clock: asked, or carried on from an answer that is fresh. An exchange takes 30 ms on a chip."""
        gone_s = time.monotonic() - self._asked
        return self._last_s + gone_s * self._rate if gone_s < FRESH_S else self._ask()

    def _ask(self) -> float:
        before_s, asked = self._last_s, self._asked
        self._last_s, self._asked = float(self.press.time().seconds), time.monotonic()
        gone_s = self._asked - asked
        if LOOK_S < gone_s < LONG_S and self._last_s > before_s:
            self._rate = (self._last_s - before_s) / gone_s
        self._set_back_s = max(0.0, before_s - self._last_s)
        return self._last_s

    def run_until(self, t_s: float, wall_limit_s: float = 600.0) -> float:
        """Wait until the press's clock says `t_s`; the time reached. TimeoutError after the wall limit."""
        began, now = time.monotonic(), self._last_s
        while now < t_s:
            left_s = (t_s - self._last_s) / self._rate - (time.monotonic() - self._asked)
            if left_s > LOOK_S:
                time.sleep(min(NAP_S, left_s * 0.9))
            try:
                now = self._ask()
            except LinkLost:
                return self._run_unplugged(t_s)
            t_s -= self._set_back_s
            if time.monotonic() - began > wall_limit_s:
                raise TimeoutError(f"press time {now:.3f} s after {wall_limit_s:g} s, not {t_s:g} s")
        return now

    def _run_unplugged(self, t_s: float) -> float:
        """The scenario has pulled the plug, nobody can be asked: the wall's clock has to do."""
        time.sleep(max(0.0, (t_s - self._last_s) / self._rate - (time.monotonic() - self._asked)))
        self._last_s, self._asked = t_s, time.monotonic()
        return t_s

    def run_for(self, seconds: float, wall_limit_s: float = 600.0) -> float:
        if self._hangs:
            self._hangs = False
            self.press.command(f'SIM:FAUL "foreground",{max(2, round(seconds * 1000))}')
        try:
            now = self.time_s()
        except LinkLost:
            now = self._last_s + (time.monotonic() - self._asked) * self._rate
        return self.run_until(now + seconds, wall_limit_s)

    def restart(self) -> None:
        """Restart the firmware as the host can: in the safe state, and the link is open again afterwards."""
        link = self.press.link
        patience_s, link.quiet_s = link.quiet_s, min(link.quiet_s, GONE_S)
        self.press.reboot()
        link.quiet_s = patience_s
        end = time.monotonic() + BOOT_S + 10 * link.quiet_s
        while True:
            try:
                self.press.reopen()
                return
            except (LinkLost, NoPress):
                if time.monotonic() > end:
                    raise
                time.sleep(NAP_S)

    # -- what is around the press -------------------------------------------------------------------------------------------------

    def fault(self, name: str, value: float | None = None) -> None:
        """PressRefused if the board simulates nothing, or knows no such fault."""
        if name == "foreground" and value is None:
            self._hangs = True  # for as long as the next run: over the wire nobody could end it
            return
        self.press.command(f"SIM:FAUL {quoted(name)}" + ("" if value is None else f",{int(value)}"))

    def clear_fault(self, name: str | None = None) -> None:
        """One fault, or all of them."""
        self._hangs = False
        self.press.command("SIM:FAUL:CLE" + (f" {quoted(name)}" if name else ""))

    def specimen(self, name: str) -> None:
        frame, scale = self._spec["frame_stiffness_cn_um"], self._spec["stiffness_scale_permille"]
        self._spec["specimen"] = load.load_specimen(name, frame, scale)
        self.press.document_put("plant", known_state.plant_document(self._spec))
        self.press.command("SIM:SPEC")

    def truth(self) -> dict[str, Any]:
        """What the plant truly does now: forces / N, displacement / m, valve / 1."""
        numbers = [int(field) for field in self.press.query("SIM:TRUT?").split(",")]
        t = dict(zip(TRUTH, numbers, strict=False))
        return {
            "force_n": t["force_cn"] / 100, "cell_n": [cn / 100 for cn in numbers[len(TRUTH) :]],
            "displacement_m": t["displacement_nm"] / 1e9, "drive_n": t["pressure_cn"] / 100, "valve_code": t["valve_code"],
            **wire_bits.opened(t["valve_state"]), "moves": t["moves"],
            "most_force_n": t["most_force_cn"] / 100,
        }  # fmt: skip

    def leave_traces(self, folder: Path) -> None:
        """Into a failure's bundle: truth and faults as they are now."""
        if self.simulates:
            faults = self.press.query("SIM:FAUL:ACT?")
            (folder / "bench.json").write_text(json.dumps({"truth": self.truth(), "faults": faults}, indent=1) + "\n")

    def close(self) -> None:
        """Mended and safe, and the board's own plant again; its documents stay, so that it can be tried by hand."""
        try:
            if self.simulates:
                self._reach()
                self.clear_fault()
                known_state.make_safe(self)
                known_state.forget_plant(self.press)
        finally:
            self.press.close()

    def _reach(self) -> None:
        """The link again, if a scenario ended with its plug pulled."""
        try:
            self._ask()
        except LinkLost:
            self.press.reopen()

    def __enter__(self) -> "SerialTarget":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
