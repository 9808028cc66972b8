"""A target by its name, started with what a scenario's form wants, and the host package's press on its port."""

from collections.abc import Mapping
from typing import Any

from stackpress.link import Link
from stackpress.press import Press
from stackpress_plant import load

from hil_tests.scenario import documents_of
from hil_tests.targets.base import Target

KINDS = ("sim", "emulator", "serial")
MARKER = 100_000_000  # always the same: even the digits of a question would cost an emulated chip another time
NO_HURRY_S = 120.0  # of wall time without a byte: an emulated chip on a busy computer


def start(kind: str, played: Mapping[str, Any], port: str = "") -> tuple[Target, Press, str, int]:
    """Target, press, name of the program, and the first record of the log that is its own."""
    return STARTS[kind](played, port)


def _machine(played: Mapping[str, Any]) -> dict[str, Any]:
    return {"plant": played.get("plant", "nominal"), "specimen": played["specimen"], "overrides": played["overrides"]}


def _documents(played: Mapping[str, Any], identity: str) -> tuple[dict[str, bytes], str]:
    from stackpress.simulator.provision import commissioned

    machine = _machine(played)
    spec = load.plant(machine["plant"], machine["specimen"], machine["overrides"])
    return documents_of(played, commissioned(spec, identity))


def _sim(played: Mapping[str, Any], port: str) -> tuple[Target, Press, str, int]:
    from hil_tests.targets.sim import SimTarget

    documents, program = _documents(played, "SIM-bench")
    target = SimTarget(**_machine(played), seed=played.get("seed", 1), configured=False, documents=documents,
                       **played.get("target", {}))  # fmt: skip
    return target, _press(target), program, 0


def _emulator(played: Mapping[str, Any], port: str) -> tuple[Target, Press, str, int]:
    from hil_tests.targets.emulator import EmulatorTarget, identity
    from hil_tests.targets.full_journal import full

    documents, program = _documents(played, identity())
    own = played.get("target", {})
    journal = bytearray(full(own["flash_bytes"])) if own.get("journal_full") else None
    target = EmulatorTarget(**_machine(played), seed=played.get("seed", 1), configured=False, documents=documents, flash=journal)
    target.boot()
    return target, _press(target), program, 0


def _serial(played: Mapping[str, Any], port: str) -> tuple[Target, Press, str, int]:
    from hil_tests.targets.serial import SerialTarget

    documents, program = _documents(played, "to be bound to the board")
    target: Any = SerialTarget(port, **_machine(played), documents=documents, configured=False)
    return target, target.press, program, target.log_from


def _press(target: Target) -> Press:
    try:
        return Press(Link(target.port, NO_HURRY_S, MARKER))
    except BaseException:
        target.close()
        raise


STARTS = {"sim": _sim, "emulator": _emulator, "serial": _serial}
