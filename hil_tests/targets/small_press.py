"""The twenty-dollar press (boards/pico_hx711) as a target: its own image on the emulated chip, its own few parts at the wire."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackpress.simulator.provision import PRESS_FILES
from stackpress_plant import load

from hil_tests.devices.small_carrier import CELL, SmallCarrier
from hil_tests.targets.emulator import ROOT, EmulatorTarget

IMAGE = ROOT / "build" / "images" / "pico_hx711" / "firmware.uf2"
PRESSES = {kind: ROOT / "boards" / "pico_hx711" / name for kind, name in PRESS_FILES.items()}
# The plant's fourth cell, without its stop in the way; its bow is reckoned in words that hold 2 kN.
ONE_CELL = {"cells.low_rated_n": 20000, "cells.low_stop_n": 21000, "cells.nonlinearity_pct": 0, "valve.full_scale_n": 20000}
HZ = 1000


class SmallTarget(EmulatorTarget):
    BOARD = "pico_hx711"

    def __init__(
        self, image: Path = IMAGE, overrides: Mapping[str, Any] | None = None, gap_mm: float = 2.0, **more: Any
    ) -> None:
        self._gap_nm = round(gap_mm * 1e6)  # of the specimen under the ram
        super().__init__(image, overrides={**ONE_CELL, **(overrides or {})}, hz=HZ, **more)

    def _commissioned(self, spec: load.Spec) -> dict[str, bytes]:
        from stackpress.simulator.provision import commissioned

        documents = commissioned(spec, self.identity, PRESSES[spec["valve_kind"]])
        found = json.loads(documents["calibration"])
        found["cells"] = [found["cells"][CELL], *found["cells"][:CELL]]
        return {**documents, "calibration": json.dumps(found, separators=(",", ":")).encode()}

    def _fitted(self, at: dict[str, int], hz: int, flash: bytearray | None = None, before: Any = None) -> Any:
        """Its journal lies in the chip's own flash, which outlives a power cut anyway."""
        self._spec["specimen"]["gap_nm"] = self._gap_nm
        settings = self.board["settings"]
        return SmallCarrier(self.chip.mcu, self.board["pins"], self._spec, at, hz, self._seed, settings, before and before.plant)
