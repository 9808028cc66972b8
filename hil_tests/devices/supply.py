"""The 24 V and what lives on when they are gone: the hold-up capacitor behind its diode, the 5 V, the supervisor that stops all.

As the carrier has it as data: the supervisor of 24 V tells first (`supply_ok`, MAX16053: bad at once, good after its delay),
the valves are without supply at once, and the electronics take a constant power out of the capacitor until the 5 V converter has
its least input (6.5 V, TSR 1-2450). Then RUN is pulled low (TLV803S at 2.93 V) and flash is left at what it was doing.
"""

from dataclasses import dataclass

from stackpress.electrical.circuit import Circuit

FORWARD_V, EFFICIENCY, TAKES_W = 0.70, 0.84, 0.75  # the Schottky diode D2, U10, the electronics while they write
GOOD_AFTER_MS = 40.0  # MAX16053, 10 nF at CDELAY


@dataclass(frozen=True)
class HoldUp:
    """A capacitor in farad, the voltage at which the supervisor has told at the latest, the converter's least input."""

    farad: float
    told_v: float
    ends_v: float

    def lives_ms(self) -> float:
        """From `supply_ok` until the chip is stopped: half C U^2 between the two voltages, at constant power."""
        begins_v = self.told_v - FORWARD_V
        return self.farad * (begins_v**2 - self.ends_v**2) / 2 / (TAKES_W / EFFICIENCY) * 1000


def of(circuit: Circuit) -> HoldUp:
    """The least that the carrier's parts may be."""
    from stackpress.electrical import supplies

    capacitor = circuit.capacitors["C1"]
    least = capacitor.farad * (1 - capacitor.percent / 100)
    return HoldUp(least, supplies.threshold_v(circuit)[3], circuit.parts["U10"].sheet["supply"]["IN"][0])
