"""What the configuration commands share: the files, the ceilings that the press has, and reading back what was sent."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import press_file, site_file

if TYPE_CHECKING:
    from ..config import Ceilings, Effective


def load_files(file: Path | None, site: Path | None, calibration: Path | None = None) -> "Effective":
    from ..config import load

    path = press_file(file)
    return load(path, site_file(site, path), calibration)


def write_file(path: Path, text: str) -> None:
    from .exits import Failure

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}") from error


def read_back(press: Any, name: str, sent: bytes) -> None:
    import json

    from .exits import REFUSED, Failure

    got = press.document_get(name)
    if got is None or json.loads(got) != json.loads(sent):
        raise Failure(f"What was read back from the press is not the {name} that was sent.", "Send it again.", REFUSED)


def ceilings_on(press: Any) -> "Ceilings | None":
    from ..config.ceilings import from_document

    data = press.document_get("ceilings")
    return from_document(data) if data is not None else None


def ceilings_drift(press: Any, effective: "Effective") -> str:
    """One sentence when the press's ceilings are not those of the file; empty when they are, or the file has none."""
    have = ceilings_on(press)
    if have is None:
        return "The press has no ceilings: it can't be armed until `stackpress config ceilings write`."
    if effective.ceilings is not None and have.document() != effective.ceilings.document():
        return "The press's ceilings differ from the file's: see `stackpress config ceilings show`."
    return ""


def within_ceilings(press: Any, effective: "Effective") -> None:
    """The press's own ceilings rule, whatever the file says. Raises ConfigError."""
    from ..config.complaints import Complaint, ConfigError
    from ..config.rules import CEILING_RULES, Facts

    have = ceilings_on(press)
    if have is None:
        return
    facts = Facts({name: one.value for name, one in effective.settings.items()}, effective.board, have)
    found = []
    for key, text, right in (finding for rule in CEILING_RULES for finding in rule(facts)):
        one = effective.settings[key]
        found.append(Complaint(one.file or "default", one.line, key, f"{text} (ceilings of the press)", right))
    if found:
        raise ConfigError(found)
