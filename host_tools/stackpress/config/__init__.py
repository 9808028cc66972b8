"""From TOML files to what a press is told: layers, checks with file and line, the press's records, differences."""

from .calibration_file import Calibration, CellCalibration
from .ceilings import Ceilings
from .complaints import Complaint, ConfigError
from .documents import Difference, config_document, differences, parse_config
from .layers import Effective, Setting, load

__all__ = [
    "Calibration",
    "Ceilings",
    "CellCalibration",
    "Complaint",
    "ConfigError",
    "Difference",
    "Effective",
    "Setting",
    "config_document",
    "differences",
    "load",
    "parse_config",
]
