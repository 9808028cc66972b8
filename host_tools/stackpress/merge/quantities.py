"""What columns of cyclers' and potentiostats' files mean: their many names and units, as the Battery Data Format calls them.

A name is taken apart into quantity and unit ("<I>/mA", "Current (mA)", "Zreal" with "ohm" beneath), the quantity is looked up,
the unit gives the factor. A quantity whose unit nothing tells is refused: a cycler's "Current" is as often in mA as in A.
Impedances are not in BDF 1.3.0; they are named in its style. Im(Z) is kept with its true sign.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

UNIX, TEST_TIME, WALL_CLOCK = "Unix Time / s", "Test Time / s", "Wall Clock"
VOLTAGE, CURRENT, STEP, CYCLE = "Voltage / V", "Current / A", "Step ID", "Cycle Count / 1"
FREQUENCY, REAL, IMAGINARY = "Frequency / Hz", "Real Impedance / ohm", "Imaginary Impedance / ohm"

# label: names of the quantity, the first that a file has is taken
NAMES = {
    UNIX: ("unix time", "unix_time", "unix_time_second", "unix timestamp", "uts", "epoch"),
    WALL_CLOCK: ("date time", "date_time", "datetime", "timestamp", "dpt time", "absolute time", "real time", "realtime", "date"),
    TEST_TIME: ("test time", "test_time", "test_time_second", "total time", "elapsed time", "time", "t", "run time", "runtime"),
    VOLTAGE: ("voltage", "ewe", "<ewe>", "ecell", "<ecell>", "ewe-ece", "<ewe-ece>", "vf", "vdc", "vm", "potential", "volts", "e",
              "voltage_volt", "spannung"),
    CURRENT: ("current", "i", "<i>", "im", "idc", "amps", "current_ampere", "strom"),
    STEP: ("step id", "ns", "step index", "step_index", "step", "step_id", "step number"),
    CYCLE: ("cycle count", "cycle number", "cycle index", "cycle_index", "cycle", "cycle_count", "cycle id", "zyklus"),
    FREQUENCY: ("frequency", "freq", "f"),
    REAL: ("real impedance", "re(z)", "zreal", "z'", "z real", "z_real", "zre", "re(zwe-ce)"),
    IMAGINARY: ("imaginary impedance", "im(z)", "zimag", "z''", 'z"', "z imag", "z_imag", "zim"),
}  # fmt: skip
IN_ITS_NAME = ("unix time", "unix_time", "unix timestamp", "uts", "epoch", "unix_time_second", "test_time_second", "volts",
               "voltage_volt", "amps", "current_ampere")  # a name that tells the unit: Unix time is in seconds  # fmt: skip
NEGATED = {IMAGINARY: ("-im(z)", "-z''", '-z"', "-zimag", "-z imag", "-im(zwe-ce)")}
REQUIRED = (VOLTAGE, CURRENT)  # of a BDF table

PREFIXES = {"": 1.0, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6}
NOT_MEANT = (("M", "A"), ("M", "V"), ("M", "s"))  # written large: mA of a program that knows capitals only
SPELLED = {
    "ohm": "ohm",
    "Ohm": "ohm",
    "Ω": "ohm",
    "sec": "s",
    "seconds": "s",
    "second": "s",
    "Hz": "Hz",
    "V": "V",
    "A": "A",
    "s": "s",
}
MINUTES = {"min": 60.0, "h": 3600.0, "hours": 3600.0, "d": 86400.0}
USUAL = {"V": "V, mV", "A": "A, mA, uA", "s": "s, ms, min, h", "Hz": "Hz, mHz, kHz", "ohm": "ohm, mohm, kohm"}
OF_LABEL = {label: label.rpartition(" / ")[2] for label in NAMES if " / " in label and not label.endswith("/ 1")}
_TAKEN_APART = re.compile(r"^(?P<name>.+?)\s*(?:[(\[](?P<in>[^()\[\]]*)[)\]]|/\s*(?P<after>[^/\s()]+))?\s*$")


@dataclass(frozen=True)
class Meaning:
    """A column of a file: whose label it is, and what its numbers are multiplied with."""

    column: str
    label: str
    factor: float


class UnknownUnit(ValueError):
    """A column has a known name and a unit that is none of its kind."""


class UnitMissing(ValueError):
    """Nothing tells in which units columns are; `columns` has their labels."""

    def __init__(self, columns: dict[str, str]) -> None:
        super().__init__(" and ".join(f"{column!r}" for column in columns) + f" tell{'s' if len(columns) == 1 else ''} no unit")
        self.columns = columns


def meanings(
    columns: Iterable[str], units: Mapping[str, str] | None = None, named: Mapping[str, str] | None = None
) -> dict[str, Meaning]:
    """{label: meaning} of a file's columns; `units` are told elsewhere than in their names, `named` says whose column is which.

    Raises UnknownUnit, and UnitMissing of all columns that it is true of.
    """
    apart = {column: _apart(column) for column in columns}
    found: dict[str, Meaning] = {}
    missing: dict[str, str] = {}

    def take(column: str, label: str, sign: float) -> None:
        unit = (units or {}).get(column) or apart[column][1]
        if not unit and label in OF_LABEL and apart[column][0] not in IN_ITS_NAME:
            missing[column] = label
        found[label] = Meaning(column, label, sign * factor(column, label, unit))

    for label, column in (named or {}).items():
        take(column, label, 1.0)
    for label, names in NAMES.items():
        for sign, spelled in ((1.0, names), (-1.0, NEGATED.get(label, ()))):
            fitting = [(spelled.index(name), column) for column, (name, _) in apart.items() if name in spelled]
            if not fitting or label in found:
                continue
            take(min(fitting)[1], label, sign)
    if missing:
        raise UnitMissing(missing)
    return found


def _apart(column: str) -> tuple[str, str]:
    """Quantity (in small letters) and unit; a quantity that itself holds brackets, as Re(Z), is left whole."""
    whole = column.strip()
    known = {name for names in (*NAMES.values(), *NEGATED.values()) for name in names}
    if whole.casefold() in known:
        return whole.casefold(), ""
    parts = _TAKEN_APART.match(whole)
    if not parts:
        return whole.casefold(), ""
    return parts["name"].strip().casefold(), (parts["in"] or parts["after"] or "").strip()


def factor(column: str, label: str, unit: str) -> float:
    """What turns the column's numbers into the label's unit; one without a unit is taken to be in it. Raises UnknownUnit."""
    wanted = OF_LABEL.get(label)
    if wanted is None or not unit:
        return 1.0
    if wanted == "s" and unit in MINUTES:
        return MINUTES[unit]
    for prefix, by in sorted(PREFIXES.items(), key=lambda item: -len(item[0])):
        if unit.startswith(prefix) and SPELLED.get(unit[len(prefix) :]) == wanted and (prefix, wanted) not in NOT_MEANT:
            return by
    raise UnknownUnit(f"the column {column!r} is in {unit!r}, which is no unit for {label}")
