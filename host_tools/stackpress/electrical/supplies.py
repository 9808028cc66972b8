"""Rules of supplies: ranges, drop-out, current, capacitors, brown-out, hold-up, the DAC's chain."""

from collections.abc import Iterator
from typing import Any

from .circuit import GROUND, MODULE, Circuit, Resistor

FILL = 0.9  # how full a supply may be
BIASED = 0.8  # what a ceramic capacitor is at its rail's volts, a fifth of its rating or less
SAGGED = 0.9  # of the excitation: with less the press is told
PICO_W = 0.75  # what the electronics take out of 5 V while they write, in watts


def supplies_are_in_range(c: Circuit) -> Iterator[str]:
    for part in c.parts.values():
        for pin, (least, most) in part.sheet.get("supply", {}).items():
            rail = c.rails.get(part.nets.get(pin, ""))
            if pin not in part.nets:
                if part.ref != MODULE:
                    yield f"{part.ref}.{pin} has no supply"
            elif rail is None:
                yield f"{part.ref}.{pin} is wired to {part.nets[pin]}, which is no supply"
            elif rail.least < least or rail.most > most:
                yield f"{part.ref}.{pin} wants {least:g} .. {most:g} V, {rail.name} is {rail.least:g} .. {rail.most:g}"


def regulators_have_headroom(c: Circuit) -> Iterator[str]:
    for part in c.of_kind("regulator"):
        r = part.sheet["regulator"]
        source = next((c.rails[part.nets[pin]] for pin in part.sheet["supply"] if part.nets.get(pin) in c.rails), None)
        out = c.rails.get(part.nets[r["out"]])
        if source and source.least < r["volts"] + r.get("dropout_v", 0.0):
            yield f"{part.ref} gives {r['volts']:g} V from {source.least:g} V, it wants {r.get('dropout_v', 0.0):g} V more"
        if out and not out.least <= r["volts"] * (1 - r["percent"] / 100) + 0.01 <= out.volts + 0.02:
            yield f"{part.ref} gives {r['volts']:g} V, the rail {out.name} is said to be {out.volts:g} V"


def regulators_have_their_output_capacitor(c: Circuit) -> Iterator[str]:
    """Over tolerance, and with what volts take from a ceramic one."""
    for part in c.of_kind("regulator"):
        net = part.nets[part.sheet["regulator"]["out"]]
        least, most = part.sheet["regulator"].get("out_uf", (0.0, float("inf")))
        here = [k for k in c.capacitors.values() if set(k.ends) == {net, GROUND}]
        low = sum(k.farad * (1 - k.percent / 100) * (BIASED if k.kind.startswith("X") else 1.0) for k in here) * 1e6
        high = sum(k.farad * (1 + k.percent / 100) for k in here) * 1e6
        if low < least or high > most:
            yield f"{part.ref}: {low:.2g} .. {high:.3g} uF from {net} to ground, it is stable with {least:g} .. {most:g}"


def _taken_ma(c: Circuit, name: str) -> float:
    """What is taken out of a rail: parts, loads, and the rails behind it."""
    taken = sum(load["ma"] for load in c.loads.values() if load["rail"] == name)
    for part in c.parts.values():
        taken += sum(ma for pin, ma in part.sheet.get("draws_ma", {}).items() if part.nets.get(pin) == name)
    for rail in c.rails.values():
        if rail.behind == name:
            ref = rail.of.split(".")[0]
            efficiency = c.parts[ref].sheet.get("regulator", {}).get("efficiency") if ref in c.parts else None
            inner = _taken_ma(c, rail.name)
            taken += inner * rail.volts / efficiency / c.rails[name].least if efficiency else inner
    return float(taken)


def rails_give_enough(c: Circuit) -> Iterator[str]:
    for rail in c.rails.values():
        taken = _taken_ma(c, rail.name)
        if taken > FILL * rail.output_ma:
            yield f"{rail.name}: {taken:.0f} mA are taken, {rail.output_ma:g} mA are there and {FILL:.0%} of them may be used"


def budget(c: Circuit) -> list[tuple[str, str, str, str]]:
    """Rail, volts, mA taken, mA there: the README's table."""
    return [(r.name, f"{r.least:g} .. {r.most:g}", f"{_taken_ma(c, r.name):.0f}", f"{r.output_ma:g}") for r in c.rails.values()]


def supplies_are_bypassed(c: Circuit) -> Iterator[str]:
    for part in c.parts.values():
        wanted = part.sheet.get("bypass_uf", 0.0)
        for pin in part.sheet.get("supply", {}) if wanted else ():
            here = [k for k in c.capacitors.values() if f"at {part.ref}.{pin}" in k.why]
            if not here:
                yield f"{part.ref}.{pin}: no capacitor is beside it"
            elif here[0].farad * 1e6 < wanted or set(here[0].ends) != {part.nets.get(pin), GROUND}:
                yield f"{part.ref}.{pin}: {here[0].ref} is not {wanted:g} uF from {part.nets.get(pin)} to ground"


def capacitors_bear_their_rail(c: Circuit) -> Iterator[str]:
    for k in c.capacitors.values():
        most = max((c.rails[net].most for net in k.ends if net in c.rails), default=3.4)
        if most > 0.8 * k.volts:
            yield f"{k.ref}, {k.volts:g} V, is at {most:g} V"


def vsys_has_its_diode(c: Circuit) -> Iterator[str]:
    """Pico datasheet 4.5: a supply at VSYS beside USB comes through a Schottky diode."""
    vsys = c.parts[MODULE].nets.get("VSYS", "")
    diodes = [p for p in c.of_kind("diode") if p.nets["K"] == vsys]
    if vsys and not diodes:
        yield f"{vsys}: no diode keeps USB from feeding the 5 V, or the 5 V USB"
    elif diodes and not diodes[0].sheet["diode"].get("schottky"):
        yield f"{diodes[0].ref} is no Schottky diode"


def brown_out_resets(c: Circuit) -> Iterator[str]:
    """The RP2040 watches its 1.1 V core only; flash, expander and outputs are not promised below their own least."""
    run, module = c.parts[MODULE].nets.get("RUN"), c.parts[MODULE]
    reset = [p for p in c.of_kind("reset") if p.nets[p.sheet["reset"]["output"]] == run and run]
    logic = c.rails["3V3"]
    if not reset:
        yield "nothing holds RUN low while 3.3 V are failing"
        return
    least, most = reset[0].sheet["reset"]["falls_v"]
    if least < 2.7 or most > logic.least:
        yield f"{reset[0].ref} resets at {least:g} .. {most:g} V: 2.7 V are wanted, and 3.3 V may be {logic.least:g} V"
    if not any(to == "3V3" for _, to in c.pulls(module.nets["RUN"])):
        yield "RUN has no pull-up"


def held_up_ms(c: Circuit) -> float:
    """From the supervisor's lowest threshold to the least input of the 5 V, with the smallest capacitor, behind its diode."""
    source = next((p for p in c.of_kind("regulator") if p.nets[p.sheet["regulator"]["out"]] == "V5"), None)
    if source is None:
        return 0.0
    net = source.nets["IN"]
    farad = sum(k.farad * (1 - k.percent / 100) for k in c.capacitors.values() if set(k.ends) == {net, GROUND})
    diode = next((p for p in c.of_kind("diode") if p.nets["K"] == net), None)
    if diode is None:
        return 0.0  # the valves empty it
    begins = threshold_v(c)[3] - diode.sheet["diode"]["forward_v"]
    ends = source.sheet["supply"]["IN"][0]
    return float(farad * (begins**2 - ends**2) / 2 * source.sheet["regulator"]["efficiency"] / PICO_W * 1000)


def the_last_record_is_written(c: Circuit) -> Iterator[str]:
    if held_up_ms(c) < c.raw["hold_up_ms"]:
        yield f"the electronics live {held_up_ms(c):.0f} ms after supply low, and writing takes {c.raw['hold_up_ms']} ms"


def threshold_v(c: Circuit) -> tuple[float, float, float, float]:
    """Of the 24 V: rising most, rising, falling, falling least, over the tolerance of supervisor and divider."""
    s = c.raw["supervisor"]
    return _thresholds(c.parts[s["part"]].sheet["supervisor"], c.resistors[s["upper"]], c.resistors[s["lower"]])


def _thresholds(sheet: dict[str, Any], upper: Resistor, lower: Resistor) -> tuple[float, float, float, float]:
    ratio, off = upper.ohm / lower.ohm, (upper.percent + lower.percent) / 100
    at = [sheet[key] * (1 + ratio) for key in ("rising_v", "falling_v")]
    part = sheet["percent"] / 100
    return (
        sheet["rising_v"] * (1 + part) * (1 + ratio * (1 + off)), at[0], at[1],
        sheet["falling_v"] * (1 - part) * (1 + ratio * (1 - off)),
    )  # fmt: skip


def supply_threshold_is_right(c: Circuit) -> Iterator[str]:
    highest, _, _, lowest = threshold_v(c)
    watched = c.rails[c.raw["supervisor"]["watches"]]
    if highest > watched.least:
        yield f"good from {highest:.2f} V, and {watched.name} may be {watched.least:g} V"
    if lowest < c.raw["valve_least_v"]:
        yield f"good down to {lowest:.2f} V, and a valve wants {c.raw['valve_least_v']:g} V"


def supply_is_watched_behind_the_relay(c: Circuit) -> Iterator[str]:
    s = c.raw["supervisor"]
    upper = c.resistors[s["upper"]]
    tap = c.parts[s["part"]].nets[c.parts[s["part"]].sheet["supervisor"]["input"]]
    behind = [p.nets[pair[1]] for p in c.of_kind("relay") for pair in p.sheet["relay"]["contacts"]][-1:]
    if set(upper.ends) != {s["watches"], tap} or upper.far(tap) not in behind:
        yield f"{upper.far(tap)} is watched, not what is behind the safety relay: nothing tells that the relay is in"


def good_supply_reads_as_good(c: Circuit) -> Iterator[str]:
    """And a failing one, a supervisor without supply, and each broken wire as bad."""
    s = c.raw["supervisor"]
    part, read, good = c.parts[s["part"]], s["reads"], c.raw["good"][s["reads"]]
    sheet, inverter = part.sheet["supervisor"], c.parts.get(s.get("inverter", ""))
    out = part.nets["OUT"]
    level = {"high": "low", "low": "high"}[sheet["good"]] if inverter else sheet["good"]
    if inverter and inverter.nets[inverter.sheet["fet"]["gate"]] != out or not inverter and out != read:
        yield f"{part.ref} does not lead to {read}"
    if level != good:
        yield f"{part.ref} leaves {read} {level} while the supply is good, and the firmware takes {good} for good"
    if inverter and not any(to == GROUND for _, to in c.pulls(out)):
        yield f"a broken wire from {part.ref} to {inverter.ref} may read as good"
    if sheet["drive"] == "open" and not any(to != GROUND for _, to in c.pulls(out)):
        yield f"{part.ref} only pulls low, and nothing pulls {out} high"


def excitation_is_watched(c: Circuit) -> Iterator[str]:
    """To a converter with a reference of its own less excitation is less force, in every cell alike: a tenth of it is told. One
    whose reference is the excitation reads the same force, and it is enough that a logic input sees whether there is any."""
    main = c.parts[c.raw["supervisor"]["part"]]
    enable = main.nets[main.sheet["supervisor"]["enable"]]
    own_reference = "full_scale_mv" in c.of_kind("bridge")[0].sheet["bridge"]
    for name in sorted({load["rail"] for load in c.loads.values() if load.get("bridge")}):
        watch = next((p for p in c.of_kind("supervisor") if p.nets["OUT"] == enable), main)
        sheet = watch.sheet["supervisor"]
        tap = watch.nets[sheet["input"]]
        upper = next((r for r in c.at(tap) if r.far(tap) == name), None)
        lower = next((r for r in c.at(tap) if r.far(tap) == GROUND), None)
        if not own_reference and name in {enable, *(to for _, to in c.pulls(enable))}:
            continue
        if watch is main or upper is None or lower is None:
            yield f"{name}, the excitation, is watched by nothing that measures it"
            continue
        rail, (highest, _, _, lowest) = c.rails[name], _thresholds(sheet, upper, lower)
        if highest > rail.least or lowest < SAGGED * rail.volts:
            yield f"{watch.ref} takes {name} for good from {lowest:.2f} .. {highest:.2f} V, it is {rail.least:g} V and more"


def the_drive_reaches_ten_volts(c: Circuit) -> Iterator[str]:
    for part in c.of_kind("headroom_v"):
        swing = part.data.get("swing_v", 0.0)
        rail = c.rails.get(part.nets.get("VP", ""))
        if rail and rail.least < swing + part.sheet["headroom_v"]:
            yield f"{part.ref} can't give {swing:g} V from {rail.least:g} V"


def references_are_below_their_supply(c: Circuit) -> Iterator[str]:
    for part in c.of_kind("reference"):
        ref, own = c.rails.get(part.nets[part.sheet["reference"]]), c.rails.get(part.nets["VDD"])
        if ref and own and ref.name != own.name and ref.most > own.least:
            yield f"{part.ref}: reference {ref.most:g} V, supply {own.least:g} V"


def the_drive_ends_with_the_permissive(c: Circuit) -> Iterator[str]:
    """DAC, reference and amplifier lose their supply, and 10 kOhm or less take the output to 0 V."""
    off = set(c.raw["states"]["disarmed"]["off"])
    for part in (*c.of_kind("reference"), *c.of_kind("headroom_v")):
        for pin in part.sheet["supply"]:
            if part.nets[pin] not in off:
                yield f"{part.ref}.{pin} keeps its supply while the permissive is off"
    if "drive" in c.ends and not any(ohm <= 10000 for ohm, to in c.pulls("drive") if to == GROUND):
        yield "nothing takes the drive to 0 V"
    if not any(r.ohm <= 10000 for r in c.at("V24P") if r.far("V24P") == GROUND):
        yield "nothing takes V24P to 0 V"


def resistors_stay_cool(c: Circuit) -> Iterator[str]:
    for r in c.resistors.values():
        rails = [c.rails[net].most for net in r.ends if net in c.rails]
        if len(rails) == 1 and GROUND in r.ends:
            watts = rails[0] ** 2 / r.ohm
        elif "_far" in r.ends[0] and "_led" in r.ends[1] or "_24v" in r.ends[0]:
            watts = (25.2 - 1.0) ** 2 / r.ohm
        else:
            continue
        bears = 0.25 if "0.25 W" in r.why else 0.1
        if watts > 0.7 * bears:
            yield f"{r.ref}: {watts:.2f} W, it bears {bears:g} W"
