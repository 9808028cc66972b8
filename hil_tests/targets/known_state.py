"""Bring a press on a wire into a known state: safe, acknowledged, and with the documents that a scenario wants.

Only what differs is sent: a board's flash is not worn by a hundred scenarios that want the same configuration.
"""

import json
import tomllib
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from stackpress.errors import PressRefused
from stackpress.press import Press

BOARDS = Path(__file__).resolve().parents[2] / "boards"
SAFE_WITHIN_S = 15.0  # press time: a vent is over after 10 s at most
GUARDED = ("ceilings", "calibration", "zero")
ONLY_IN_SERVICE = -203
CODE = "known to every test"
ORDER = ("ceilings", "config", "calibration")  # in which the press can judge them


class Waits(Protocol):
    """What a target has to offer here."""

    press: Press

    def run_for(self, seconds: float) -> float: ...
    def time_s(self) -> float: ...


def make_safe(target: Waits) -> None:
    """Whatever goes on is stopped and acknowledged. TimeoutError if the press does not come to rest."""
    press, end, vented = target.press, target.time_s() + SAFE_WITHIN_S, False
    leave(press)
    while press.state != "safe":
        if press.state == "tripped":
            vented = vented or _taken(lambda: press.stop("vent"))
            _taken(press.reset)
        if target.time_s() > end:
            raise TimeoutError(f"the press is still {press.state} after {SAFE_WITHIN_S:g} s ({press.tripped().reason})")
        target.run_for(0.05)
    press.reset()  # warnings, and what was before this start


def leave(press: Press) -> None:
    """The way out of the state it is in."""
    state = press.state
    if state in ("ready", "pressing", "holding", "releasing"):
        press.command("ABOR")
    elif state == "monitor":
        press.command("CYCL:MON OFF")
    elif state == "service":
        press.service_leave()


def _taken(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except PressRefused:
        return False
    return True


def plant_document(spec: Mapping[str, Any]) -> bytes:
    return json.dumps({"format": 1, "plant": spec}, separators=(",", ":")).encode()


def provide(target: Waits, spec: Mapping[str, Any], documents: Mapping[str, bytes]) -> None:
    """Plant, specimen and documents into a safe press that simulates its plant; what was of another scenario goes."""
    press = target.press
    kept = {one.name: one.crc for one in press.documents()}
    plant = plant_document(spec)
    if kept.get("plant") != zlib.crc32(plant):
        press.document_put("plant", plant)
    press.command("SIM:SPEC")
    for name in kept:
        if (name == "zero" or name.startswith("program/")) and name not in documents:
            _in_service(target, name, partial(press.document_delete, name))
    for name in sorted(documents, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)):
        text = fitting(press, name, documents[name])
        if kept.get(name) != zlib.crc32(text):
            _put(target, name, text)


def forget_plant(press: Press) -> None:
    """The board's own plant again: what a test put in must not be there for the next who tries the press by hand."""
    if press.document_get("plant") is not None:
        press.document_delete("plant")
        press.command("SIM:SPEC")


def fitting(press: Press, name: str, text: bytes) -> bytes:
    """A document as this board can take it: calibration is bound to it, and it may not tick as fast as another."""
    document = json.loads(text)
    if name == "calibration":
        document["board"] = press.identity
    elif name == "config":
        preset = _preset_rate_hz(press.board_name)
        document["params"]["tick_rate_hz"] = min(preset, document["params"].get("tick_rate_hz", preset))
    else:
        return text
    return json.dumps(document, separators=(",", ":")).encode()


def _preset_rate_hz(board: str) -> int:
    """What board.toml gives for [tick] tick_rate_hz, else what the firmware has without any."""
    from stackpress_core import params

    path = BOARDS / board / "board.toml"
    preset = tomllib.loads(path.read_text()).get("tick", {}) if path.is_file() else {}
    return int(preset.get("tick_rate_hz", params.bounds_raw("tick_rate_hz")[1]))


def _put(target: Waits, name: str, text: bytes) -> None:
    _in_service(target, name, partial(target.press.document_put, name, text))


def _in_service(target: Waits, name: str, change: Callable[[], None]) -> None:
    """Change a document; what only the owner may change with the code, which such a press is given if it has none."""
    press = target.press
    if name not in GUARDED:
        try:
            change()
            return
        except PressRefused as refused:
            if refused.number != ONLY_IN_SERVICE:
                raise
    enter_service(press)
    target.run_for(0.02)
    try:
        change()
    finally:
        make_safe(target)


def enter_service(press: Press) -> None:
    if not press.has_code():
        press.service_set("", CODE)
    press.service_enter(CODE)
