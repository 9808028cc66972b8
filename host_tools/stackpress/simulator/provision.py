"""Give a simulated press its documents before it starts, as a press that was commissioned earlier has them.

Written straight into the two slots of the board's store, by the firmware's own code: a test or a first try need not
push a configuration through the wire each time. That the wire does it as well is proven elsewhere.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackpress_core.file_store import FileStore
from stackpress_core.tick import states
from stackpress_plant import load

from stackpress import paths
from stackpress.config.documents import config_document
from stackpress.config.layers import load as load_layers

PRESS_FILES = {states.KIND_REGULATOR: "press.toml", states.KIND_FILL_VENT: "press_fill_vent.toml"}


def commissioned(spec: load.Spec, identity: str, press_file: Path | None = None) -> dict[str, bytes]:
    """Configuration, ceilings and calibration that fit the plant; the documents' bytes by name."""
    effective = load_layers(press_file or paths.BOARDS / "sim" / PRESS_FILES[spec["valve_kind"]])
    documents = {"config": config_document(effective), "calibration": calibration_document(spec, identity)}
    if effective.ceilings is not None:
        documents["ceilings"] = effective.ceilings.document()
    return documents


def calibration_document(spec: load.Spec, identity: str) -> bytes:
    """What a calibration of every cell with a reference force gave, bound to the board."""
    cells: list[dict[str, Any]] = [
        {"serial": f"SIM-{i + 1}", "unix_s": 0, **cell} for i, cell in enumerate(load.calibration(spec))
    ]
    return json.dumps({"format": 1, "board": identity, "cells": cells}, separators=(",", ":")).encode()


def write(state_dir: Path, documents: Mapping[str, bytes]) -> None:
    """Write documents into the store of a press that is off."""
    from stackpress_core.documents import Documents

    state_dir.mkdir(parents=True, exist_ok=True)
    write_as_owner(Documents(FileStore(str(state_dir / "store"))), documents)


def write_as_owner(kept: Any, documents: Mapping[str, bytes]) -> None:
    """Into stackpress_core.documents.Documents; a configuration may go beyond its bounds."""
    from stackpress_core import owner

    for name, text in documents.items():
        if name == "config":
            owner.allow(kept, text)
        kept.write(name, text)
