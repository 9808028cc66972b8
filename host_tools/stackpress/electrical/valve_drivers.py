"""Rules of FETs, valve drivers and coils: they turn on whole, and what a coil holds has somewhere to go."""

from collections.abc import Iterator

from .circuit import GROUND, Circuit
from .safety import VALVE_RAIL


def fets_turn_on_whole(c: Circuit) -> Iterator[str]:
    """Each FET has the gate voltage at which its resistance is specified, and none that breaks it."""
    outputs = {pin.net: pin for pin in c.outputs()}
    for part in c.of_kind("fet"):
        f = part.sheet["fet"]
        gate, source = part.nets[f["gate"]], part.nets[f["source"]]
        if gate in outputs:
            volts = outputs[gate].high
        elif source in c.rails:
            volts = _high_side_v(c, gate, source)
        else:
            volts = 0.0
        if volts < f["on_v"]:
            yield f"{part.ref} gets {volts:.1f} V at its gate, and is specified from {f['on_v']:g} V"
        if volts > f["gate_v"]:
            yield f"{part.ref} gets {volts:.1f} V at its gate, and bears {f['gate_v']:g} V"
        if not any(to == (source if source in c.rails else GROUND) for _, to in c.pulls(gate)):
            yield f"{part.ref}: nothing turns it off while nobody drives its gate"
        if source in c.rails and c.rails[source].most > f["most_v"]:
            yield f"{part.ref} bears {f['most_v']:g} V, {source} is {c.rails[source].most:g} V"


def _high_side_v(c: Circuit, gate: str, source: str) -> float:
    """Gate voltage of a P-channel FET: divider between its supply and what pulls it down, held by a Zener diode."""
    up = [r.ohm for r in c.at(gate) if r.far(gate) == source]
    down = [r.ohm for r in c.at(gate) if not c.is_supply(r.far(gate))]
    zener = [p.data["volts"] for p in c.parts.values() if p.kind == "zener" and set(p.nets.values()) == {gate, source}]
    if not up or not down:
        return 0.0
    volts = c.rails[source].least * up[0] / (up[0] + down[0])
    return float(min([volts, *zener]))


def valve_drivers_turn_on_whole(c: Circuit) -> Iterator[str]:
    given_at = {pin.net: pin.high for pin in c.outputs()}
    for part in c.of_kind("driver"):
        d = part.sheet["driver"]
        given = given_at.get(part.nets[d["input"]], 0.0)
        if given < d["on_v"]:
            yield f"{part.ref} is specified at {d['on_v']:g} V, the pin gives {given:.1f} V"


def drivers_bear_their_coils(c: Circuit) -> Iterator[str]:
    for name, load in c.loads.items():
        if "driver" not in load:
            continue
        part = c.parts[load["driver"]]
        d = part.sheet["driver"]
        if part.nets[d["drain"]] != load["net"]:
            yield f"{part.ref} does not drive {load['net']}"
        if load["ma"] > 0.5 * d["output_ma"]:
            yield f"{name}: {load['ma']} mA, {part.ref} bears {d['output_ma']} mA"
        supply = c.rails[load["rail"]].most
        if load.get("pwm"):
            continue
        mj = 500 * load["henry"] * (load["ma"] / 1000) ** 2 * d["clamp_v"] / (d["clamp_v"] - supply)
        if mj > 0.5 * d["energy_mj"]:
            yield f"{name}: {mj:.0f} mJ each time, the clamp of {part.ref} bears {d['energy_mj']} mJ once"


def switched_coils_have_a_way(c: Circuit) -> Iterator[str]:
    """Relay or permissive open while the drivers are on: the coils pull their own supply below ground until something breaks."""
    coils = [name for name, load in c.loads.items() if "driver" in load and load["rail"] == VALVE_RAIL]
    if coils and not any(p.nets["K"] == VALVE_RAIL and p.nets["A"] == GROUND for p in c.of_kind("diode")):
        yield f"no diode from ground to {VALVE_RAIL}: the current of {', '.join(coils)} goes through the permissive's FET"


def pwm_coils_have_their_diode(c: Circuit) -> Iterator[str]:
    """Without it the coil is emptied into the clamp in every cycle: duty is not current, and the clamp is hot."""
    for name, load in c.loads.items():
        if load.get("pwm") and not any(
            p.nets["K"] == load["rail"] and p.nets["A"] == load["net"] and p.sheet["diode"]["amps"] >= load["ma"] / 1000
            for p in c.of_kind("diode")
        ):
            yield f"{name}: no diode from {load['net']} to {load['rail']}"
