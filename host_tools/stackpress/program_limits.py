"""The limits that a program is judged against: those of a configuration, in a file or on a press.

They are worked out by the press's own code, so that what a file allows is what the press allows.
"""

from typing import Any, Protocol

from stackpress_core import params
from stackpress_core.recipe import program
from stackpress_core.recipe.fields import STEPS_MAX

from stackpress.config import Effective, config_document, parse_config


class Configured(Protocol):
    """What has a configuration: a press."""

    def document_get(self, name: str) -> bytes | None:
        """A document's JSON text, or None."""

    def program_steps(self) -> int | None:
        """How many steps it holds, or None."""


def of(effective: Effective) -> dict[str, Any]:
    """The limits that a configuration puts on programs."""
    raws = parse_config(config_document(effective))[1]
    found = dict(program.limits_of(params.Values(raws), set(effective.board.capabilities)))
    return {**found, "steps": effective.board.settings.get("program_steps", STEPS_MAX)}


def on(press: Configured) -> dict[str, Any] | None:
    """The limits of the configuration that the press has; None if it has none. The press alone knows its capabilities."""
    data = press.document_get("config")
    if data is None:
        return None
    found = dict(program.limits_of(params.Values(parse_config(data)[1]), ()))
    found.pop("capabilities", None)
    return {**found, "steps": press.program_steps() or STEPS_MAX}
