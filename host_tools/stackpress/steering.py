"""Steering a program that runs, and a cell that it has left held; and amounts as people write them, `5 MPa` or `0.1 MPa/min`.

The press judges each order as it judges a program and says no in words; here pressures become forces on the program's area.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from stackpress_core.recipe.levels import force_cn

from .config.numbers import number, write_it
from .config.units import ALIENS, unit_of
from .errors import WrongInput
from .program_keys import decimal_text
from .scpi_text import quoted, split_answer
from .session import understood
from .storage import Storage

AMOUNT = re.compile(r"\s*([+-]?[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-z]+)\s*(?:/\s*([A-Za-z]+)\s*)?")
_SEPARATED = re.compile(r"\s*([+-]?[0-9][0-9.,'’ ]*?)\s*([A-Za-z]+(?:\s*/\s*[A-Za-z]+)?)\s*")
_BASE = {"force": "N", "pressure": "Pa", "time": "s"}
NO_AREA = "no area is known: the program in force tells none"


@dataclass(frozen=True)
class Amount:
    """A number in the base unit of its dimension (N, Pa, s), or in that per second."""

    value: Fraction
    dimension: str


def amount(text: str, *dimensions: str, each: bool = False) -> Amount:
    """What a person wrote: `5 MPa`; with `each` per time, `0.1 MPa/min`. Raises WrongInput."""
    kind = " or ".join(dimensions) + (" per time" if each else "")
    found = AMOUNT.fullmatch(text)
    unit = unit_of("x_" + found[2])[1] if found else None  # MN and mN are a thousand million apart
    per = unit_of("x_" + found[3])[1] if found and found[3] else None
    if not found or unit is None or unit.dimension not in dimensions or bool(found[3]) != each:
        raise WrongInput(f"{text!r} is no {kind}", _separated(text) or _examples(dimensions, each))
    if each and (per is None or per.dimension != "time"):
        raise WrongInput(f"{found[3]!r} is no time", _examples(dimensions, each))
    value = Fraction(found[1]) * Fraction(str(unit.factor))
    if found[2].lower() in ALIENS:
        same = number(float(value)) + f" {_BASE[unit.dimension]}" + (f"/{found[3]}" if each else "")
        raise WrongInput(f"{text!r} is in {unit.words}", f"Say {same}.")
    return Amount(value / Fraction(str(per.factor)) if per else value, unit.dimension)


def _separated(text: str) -> str:
    """What to write instead of `5,5 MPa`; empty if that is not what is wrong."""
    found = _SEPARATED.fullmatch(text)
    told = write_it(found[1], f" {found[2]}") if found else ""
    return told[:1].upper() + told[1:] + "." if told else ""


def _examples(dimensions: tuple[str, ...], each: bool) -> str:
    shown = {"force": "400 N", "pressure": "5 MPa", "time": "90 min"}
    return "As in " + ", ".join(shown[one] + ("/s" if each else "") for one in dimensions) + "."


def _exact(value: float | Fraction) -> Fraction:
    try:
        return Fraction(value)
    except (TypeError, ValueError, OverflowError):
        raise WrongInput(f"{value!r} is no number to work with") from None


class Steering(Storage):
    """The verbs that change what runs. Each raises PressRefused, in the press's words, and then nothing has changed."""

    def set_point(
        self,
        force_n: float | None = None,
        pressure_pa: float | None = None,
        rate_n_per_s: float | None = None,
        rate_pa_per_s: float | None = None,
    ) -> None:
        """Another force for the step that holds or ramps, or for a cell that was left held; without a rate, the last one's.

        Raises WrongInput where not one of force and pressure is told, two rates, or a pressure without an area.
        """
        if (force_n is None) == (pressure_pa is None) or None not in (rate_n_per_s, rate_pa_per_s):
            raise WrongInput("a set-point is a force or a pressure, its rate at most one of both")
        words = [self._newtons(force_n, pressure_pa)]
        if rate_n_per_s is not None or rate_pa_per_s is not None:
            words.append(self._newtons(rate_n_per_s, rate_pa_per_s))
        self.command("PROG:SETP " + ",".join(words))

    def _newtons(self, newtons: float | Fraction | None, pascals: float | Fraction | None) -> str:
        """A force, or a pressure on the program's area, as the press keeps it. One that would come to nothing is none."""
        if newtons is not None:
            cn = round(_exact(newtons) * 100)
        else:
            area_um2 = self.area_um2()
            if not area_um2:
                raise WrongInput(NO_AREA, "Say a force.")
            cn = int(force_cn(round(_exact(pascals or 0)), area_um2))
        if not cn and (newtons or pascals):
            raise WrongInput("that is finer than the press keeps a force (0.01 N)", "Say more, or 0 N.")
        return f"{decimal_text(Fraction(cn, 100))} N"

    @understood
    def area_um2(self) -> int:
        """Pressed area of the program in force; 0 if it tells none."""
        return int(split_answer(self.query("PROG:RUN?"))[0])

    def pause(self) -> None:
        """Stop the step's clock and keep the force as it is."""
        self.command("PROG:STAT PAUS")

    def go_on(self) -> None:
        """Go on where `pause` came."""
        self.command("PROG:STAT CONT")

    def next_step(self) -> None:
        """End this step before its time, the set-point where it is, and begin the next."""
        self.command("PROG:STAT NEXT")

    def extend(self, seconds: float) -> None:
        """The step that holds or waits does so for so much longer."""
        self.command(f"PROG:EXT {decimal_text(Fraction(round(_exact(seconds) * 1000), 1000))} S")

    def remark(self, text: str) -> None:
        """A remark with its time, in the press's log; 64 bytes at most."""
        self.command(f"LOG:NOTE {quoted(text)}")
