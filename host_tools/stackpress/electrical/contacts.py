"""Rules of contacts and opto-couplers: switches are wetted and read in time, the trigger fits whoever waits for it."""

from collections.abc import Iterator

from .circuit import GROUND, Circuit

RELEASE_US = 500.0  # from a switch that opens to its pin that is low


def contacts_are_wetted(c: Circuit) -> Iterator[str]:
    for name, k in c.raw["contacts"].items():
        if k["of"] == GROUND:
            up = [(r.ohm, c.rails[r.far(k["far"])]) for r in c.at(k["far"]) if r.far(k["far"]) in c.rails]
            volts = up[0][1].least if up else 0.0
            ma = volts / up[0][0] * 1000 if up else 0.0
        else:
            volts, ma = c.rails[k["of"]].least, _through_ma(c, k["far"], c.rails[k["of"]].least)
        if volts < k["wants_v"] or ma < k["wants_ma"]:
            yield f"{name}: {volts:.1f} V and {ma:.1f} mA, its contact wants {k['wants_v']:g} V and {k['wants_ma']:g} mA"


def _through_ma(c: Circuit, net: str, volts: float) -> float:
    """Into an opto-coupler behind a resistor, or through a resistor to ground."""
    total = 0.0
    for r in c.at(net):
        opto = next((p for p in c.of_kind("opto") if p.nets["A"] == r.far(net)), None)
        drop = opto.sheet["opto"]["forward_v"] if opto else 0.0
        if opto or r.far(net) == GROUND:
            total += (volts - drop) / (r.ohm * (1 + r.percent / 100)) * 1000
    return total


def opto_couplers_have_reserve(c: Circuit) -> Iterator[str]:
    """Half of the least transfer is enough, for they age."""
    for part in c.of_kind("opto"):
        o, load = part.sheet["opto"], part.nets["E"]
        down = [r.ohm for r in c.at(load) if r.far(load) == GROUND]
        led = max((_led_ma(c, r.far(part.nets["A"]), r.ohm, o["forward_v"]) for r in c.at(part.nets["A"])), default=0.0)
        if not down:
            continue
        wanted = c.rails["3V3"].most / min(down) * 1000
        if led * o["ctr"] * 0.5 < wanted:
            yield f"{part.ref}: {led:.1f} mA in the diode, {wanted:.2f} mA wanted of the transistor"
        if led > o["most_ma"] / 2:
            yield f"{part.ref}: {led:.0f} mA in the diode"


def _led_ma(c: Circuit, far: str, ohm: float, drop: float) -> float:
    pins = {pin.net: pin for pin in c.outputs()}
    if far in pins:
        return max(0.0, (pins[far].high - drop) / (ohm + pins[far].ohm) * 1000)
    volts = 22.5 if far.endswith(("_far", "_24v")) else 4.5 if far.endswith("_ttl") else 0.0
    return max(0.0, (volts - drop) / ohm * 1000)


def diodes_are_protected_backwards(c: Circuit) -> Iterator[str]:
    """24 V and its return exchanged: 5 V are what the diode of an opto-coupler bears backwards."""
    for part in c.of_kind("opto"):
        fed = any(r.far(part.nets["A"]) not in c.board.pins for r in c.at(part.nets["A"]))
        if fed and not any(p.nets["K"] == part.nets["A"] and p.nets["A"] == part.nets["K"] for p in c.of_kind("diode")):
            yield f"{part.ref}: nothing beside its diode"


def switches_are_read_in_time(c: Circuit) -> Iterator[str]:
    for part in c.of_kind("opto"):
        net = part.nets["E"]
        farad = sum(k.farad for k in c.capacitors.values() if net in k.ends)
        down = [ohm for ohm, to in c.pulls(net) if to == GROUND]
        if down and net in c.board.pins:
            us = 100 + 1.4 * min(down) * farad * 1e6  # the coupler's storage with kOhms, then 3.2 V to 0.8 V
            if us > RELEASE_US:
                yield f"{net}: low {us:.0f} us after its switch has opened"


def the_trigger_fits_the_potentiostat(c: Circuit) -> Iterator[str]:
    t = c.raw.get("trigger")
    if not t:
        return
    feed, collector, emitter, pull = t["link"]
    up = next((r for r in c.at(feed) if r.far(feed) in c.rails), None)
    down = next((r for r in c.at(pull) if r.far(pull) == GROUND), None)
    opto = [p for p in c.of_kind("opto") if p.nets["C"] == collector and p.nets["E"] == emitter]
    if up is None or down is None or not opto:
        yield f"no 5 V level can be linked at {collector} and {emitter}"
        return
    rail = c.rails[up.far(feed)]
    low, high = ((v - 0.3) * down.ohm / (down.ohm + up.ohm) for v in (rail.least, rail.most))
    if low < t["output_v"][0] or high > t["output_v"][1] + 0.25:
        yield f"high is {low:.1f} .. {high:.1f} V, wanted are {t['output_v'][0]:g} .. {t['output_v'][1]:g} V"
