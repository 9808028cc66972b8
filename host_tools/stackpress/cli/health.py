"""`stackpress selftest` and `stackpress doctor`: is the press well, and if something is wrong, what."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..states import SAFE
from .options import Json, Port, single
from .output import Output, plural

if TYPE_CHECKING:
    from ..doctor import Finding

APPS = {"selftest": single(), "doctor": single()}

# what of *TST? is not well -> what it says
SELFTEST = {
    "configuration": "missing or bad: `stackpress config push`",
    "calibration": "missing, bad or of another board: `stackpress calibrate`",
    "ceilings": "missing or bad: `stackpress config ceilings write`",
    "samples": "no fresh samples from the converter: supply, cable",
    "journal": "records were dropped: the log storage is too slow or worn",
    "tick": "ticks were missed since the start: see `stackpress doctor`",
}

OF_REACH = ("port", "link")  # findings that say that no press can be asked

NoPort = Annotated[bool, typer.Option("--no-press", help="Look at this computer only.")]

BundleOut = Annotated[
    Path | None, typer.Option("--bundle", metavar="FILE", help="Pack what a helper needs into this zip file; no secrets.")
]


@APPS["selftest"].command()
def selftest(port: Port = None, json: Json = False) -> None:
    """Let the press test itself, without motion; then list what keeps it from being armed."""
    from stackpress_core.tick import states

    from .connect import opened
    from .exits import REFUSED

    out = Output(json)
    with opened(port) as press:
        bits = press.selftest()
        checks = press.checks() if press.state == SAFE else []
    failed = []
    for i, name in enumerate(states.SELFTEST):
        bad, text = bool(bits >> i & 1), SELFTEST[name]
        out.say(f"{'fail' if bad else 'ok  '}  {name}{': ' + text if bad else ''}")
        failed += [name] if bad else []
    for check in checks:
        out.say(f"note  can't be armed now: {check.text} ({check.code})")
    out.answer({"bits": bits, "failed": failed, "checks": [vars(one) for one in checks]}, ok=not bits)
    if bits:
        raise typer.Exit(REFUSED)


@APPS["doctor"].command()
def doctor(port: Port = None, no_press: NoPort = False, bundle: BundleOut = None, json: Json = False) -> None:
    """Look for what is wrong with this computer, the port and the press; each line says what to do."""
    from ..doctor import FAIL, examine
    from .exits import NO_PRESS, REFUSED

    out = Output(json)
    findings = []
    for finding in examine(port, not no_press):
        findings.append(finding)
        out.say(f"{finding.verdict:<4}  {finding.what}: {finding.text}")
        if finding.todo:
            out.say(f"        {finding.todo}")
    bad = [one for one in findings if one.verdict == FAIL]
    reached = not no_press and not any(one.what in OF_REACH for one in bad)
    missing = _packed(out, bundle, findings, port, reached) if bundle else []
    packed = {"bundle": str(bundle), "missing": missing} if bundle else {}
    out.answer({"findings": [vars(one) for one in findings], **packed}, ok=not bad)
    if bad:
        raise typer.Exit(NO_PRESS if any(one.what in OF_REACH for one in bad) else REFUSED)


def _packed(out: Output, path: Path, findings: "list[Finding]", port: str | None, reach: bool) -> list[str]:
    """Make the bundle, with the press if it can be reached; gives what is missing in it."""
    from contextlib import ExitStack

    from ..help_bundle import write
    from ..logs.store import Store
    from .connect import opened

    with ExitStack() as held:
        press = held.enter_context(opened(port)) if reach else None
        missing = write(path, findings, press, held.enter_context(Store()))
    lacks = f"; {plural(len(missing), 'part')} missing, see missing.txt in it" if missing else ""
    out.say(f"Packed for whoever helps: {path}{lacks}")
    return missing
