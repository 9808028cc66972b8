"""Rules of the load cells: full scale, common mode, broken wires, what happens while the converter has no supply."""

from collections.abc import Iterator
from typing import Any

from .circuit import GROUND, Circuit, Part, Rail

RAIL_PERCENT = 92.8  # of full scale: where `rail_counts` trips
BIAS_PERCENT = 1.0  # of full scale that the bias resistors may move the zero
INTO_UNPOWERED_MA = 10.0  # SBASA13A 6.1: input current
FILTER_US = 20.0  # of delay that the filter before the converter may have


def _bridges(c: Circuit) -> Iterator[tuple[str, dict[str, Any], Rail, Part]]:
    converter = c.of_kind("bridge")[0]
    for name, load in c.loads.items():
        if load.get("bridge"):
            yield name, load, c.rails[load["rail"]], converter


def full_scale_mv(converter: Part, excitation_v: float) -> float:
    sheet = converter.sheet["bridge"]
    return float(sheet.get("full_scale_mv", 0.0) or sheet["full_scale_of_excitation_mv"] * excitation_v)


def _bias_mv(c: Circuit, load: dict[str, Any], rail: Rail, supply: Rail) -> float:
    """What the bias resistors add at a bridge of the carrier's resistance."""
    half, middle, total = c.raw["bridge_ohm"] / 2, rail.volts / 2, 0.0
    for net in (load["net"], load["net_n"]):
        for r in c.at(net):
            to = r.far(net)
            if c.is_supply(to):
                total += abs((supply.volts if to == supply.name else 0.0) - middle) / r.ohm * half * 1000
    return total


def the_bridge_fits_the_range(c: Circuit) -> Iterator[str]:
    for name, load, rail, converter in _bridges(c):
        supply = c.rails[converter.nets[converter.sheet["bridge"]["supply"]]]
        signal = c.raw["bridge_mv_per_v"] * rail.most + _bias_mv(c, load, rail, supply)
        percent = signal / full_scale_mv(converter, rail.volts) * 100
        if percent > RAIL_PERCENT:
            yield f"{name}: rated force gives {percent:.0f} % of full scale, and {RAIL_PERCENT:g} % trip"
        elif percent < 20:
            yield f"{name}: rated force gives {percent:.0f} % of full scale only"


def the_common_mode_fits(c: Circuit) -> Iterator[str]:
    for name, _, rail, converter in _bridges(c):
        sheet = converter.sheet["bridge"]
        supply = c.rails[converter.nets[sheet["supply"]]]
        most = supply.least - sheet["below_avdd_v"]
        low, high = rail.least / 2, rail.most / 2 + c.raw["bridge_mv_per_v"] * rail.most / 2000
        if high > most or low < sheet["least_v"]:
            takes = f"{sheet['least_v']:g} .. {most:.2f} V"
            yield f"{name}: inputs at {low:.2f} .. {high:.2f} V, {converter.ref} takes {takes} at this gain"


def a_broken_signal_wire_goes_to_the_rail(c: Circuit) -> Iterator[str]:
    """The open input is where its bias resistor takes it, against the converter's input resistance to the other input."""
    for name, load, rail, converter in _bridges(c):
        sheet = converter.sheet["bridge"]
        full = full_scale_mv(converter, rail.volts)
        for net in (load["net"], load["net_n"]):
            bias = [(r.ohm, r.far(net)) for r in c.at(net) if c.is_supply(r.far(net))]
            if not bias:
                yield f"{name}: {net} open reads as it likes, mostly as zero"
                continue
            ohm, to = bias[0]
            pulled = c.rails[to].volts if to != GROUND else 0.0
            mv = abs(pulled - rail.volts / 2) * sheet["input_ohm"] / (sheet["input_ohm"] + ohm) * 1000
            if mv < 2 * full:
                yield f"{name}: {net} open gives {mv:.0f} mV, twice full scale is {2 * full:.0f}"


def the_bias_moves_no_zero(c: Circuit) -> Iterator[str]:
    for name, load, rail, converter in _bridges(c):
        supply = c.rails[converter.nets[converter.sheet["bridge"]["supply"]]]
        percent = _bias_mv(c, load, rail, supply) / full_scale_mv(converter, rail.volts) * 100
        if percent > BIAS_PERCENT:
            yield f"{name}: the bias resistors move the zero by {percent:.1f} % of full scale"


def the_filter_is_fast(c: Circuit) -> Iterator[str]:
    """Two resistors and the capacitor between the inputs."""
    for k in c.capacitors.values():
        series = [[r.ohm for r in c.at(net) if not c.is_supply(r.far(net))] for net in k.ends]
        if any(net.endswith("_ain_p") for net in k.ends) and all(series):
            us = k.farad * (series[0][0] + series[1][0]) * 1e6
            if us > FILTER_US:
                yield f"{k.ref}: {us:.0f} us before the converter"


def an_unpowered_converter_is_not_fed(c: Circuit) -> Iterator[str]:
    for name, state in c.raw["states"].items():
        for cell, load, rail, converter in _bridges(c):
            supply = converter.nets[converter.sheet["bridge"]["supply"]]
            if supply not in state["off"] or rail.name in state["off"]:
                continue
            series = min((r.ohm for r in c.at(load["net"]) if not c.is_supply(r.far(load["net"]))), default=0.0)
            ma = (rail.most / 2 - 0.6) / (c.raw["bridge_ohm"] / 2 + series) * 1000
            if ma > INTO_UNPOWERED_MA / 2:
                yield f"{name}: the bridge of {cell} feeds {converter.ref} with {ma:.1f} mA"


def the_oscillator_is_the_one_that_is_set(c: Circuit) -> Iterator[str]:
    wanted = c.raw["settings"].get("converter_clock_hz")
    for part in c.parts.values():
        if part.kind == "oscillator" and part.data["hz"] != wanted:
            yield f"{part.ref} gives {part.data['hz']} Hz, board.toml says converter_clock_hz = {wanted}"


def the_rate_is_not_strapped(c: Circuit) -> Iterator[str]:
    """RATE of an HX711 board is tied to 10 SPS on many of them."""
    for part in c.parts.values():
        if part.kind == "hx711_module" and part.nets["RATE"] not in c.board.pins and c.raw["settings"]["hx711_sps"] == 80:
            yield f"{part.ref}.RATE is wired to {part.nets['RATE']}, and board.toml says 80 SPS"
