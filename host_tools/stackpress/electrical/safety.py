"""Rules of the permissive, the relay, valve drivers, coils and contacts, and of the times that they keep."""

from collections.abc import Iterator
from math import ceil

from .circuit import GROUND, Circuit, Part

LATE = 1.25  # periods that a tick may be late (firmware/drivers/ads131m04.py)
FASTEST_HZ = 8000
VALVE_RAIL = "V24P"
RELEASE_US = 500.0  # from a switch that opens to its pin that is low


def one_shot_us(c: Circuit) -> tuple[float, float, float]:
    """Shortest, usual and longest time of the permissive's one-shot over part, R and C."""
    part = c.of_kind("one_shot")[0]
    r, k = c.resistors[part.data["resistor"]], c.capacitors[part.data["capacitor"]]
    off = (r.percent + k.percent) / 100
    least, usual, most = part.sheet["one_shot"]["k"]
    us = r.ohm * k.farad * 1e6
    return us * least * (1 - off), us * usual, us * most * (1 + off)


def slowest_hz(c: Circuit) -> int:
    """The slowest tick rate that the shortest one-shot outlives."""
    return int(LATE * 1e6 // one_shot_us(c)[0]) + 1


def the_one_shot_outlives_a_tick(c: Circuit) -> Iterator[str]:
    shortest, ms = one_shot_us(c)[0], c.raw["settings"]["one_shot_ms"]
    if shortest < ms * 1000:
        yield f"it may hold for {shortest / 1000:.2f} ms only, and board.toml says one_shot_ms = {ms}"


def the_one_shot_ends(c: Circuit) -> Iterator[str]:
    longest = one_shot_us(c)[2]
    if longest > c.raw["one_shot_drops_ms"] * 1000:
        yield f"it may hold for {longest / 1000:.2f} ms, {c.raw['one_shot_drops_ms']} ms are promised"


def the_one_shot_is_triggered_again(c: Circuit) -> Iterator[str]:
    part = c.of_kind("one_shot")[0]
    rate = FASTEST_HZ if "converter_clock_hz" in c.raw["settings"] else 1000
    wanted, period = part.sheet["one_shot"]["retrigger_us"], 1e6 / rate
    if wanted > period:
        yield f"{part.ref} wants {wanted:g} us between triggers, a tick at {rate} Hz is {period:g}"


def the_timing_capacitor_is_stable(c: Circuit) -> Iterator[str]:
    k = c.capacitors[c.of_kind("one_shot")[0].data["capacitor"]]
    if k.kind not in ("C0G", "film"):
        yield f"{k.ref} is {k.kind}: its value goes with voltage and temperature"


def the_permissive_is_behind_the_relay(c: Circuit) -> Iterator[str]:
    """In the load circuit: in one channel of a monitored relay it would be a discrepancy after every run."""
    relay = c.of_kind("relay")[0]
    contacts = relay.sheet["relay"]["contacts"]
    switch = _permissive_switch(c)
    if switch is None:
        yield f"nothing that the one-shot controls is between the relay and {VALVE_RAIL}"
    elif switch.nets[switch.sheet["fet"]["source"]] != relay.nets[contacts[-1][1]]:
        yield f"{switch.ref} is not fed by the safety relay"
    chains = {relay.nets[pin] for pin in relay.sheet["relay"]["channels"]} | {"chain1", "chain2"}
    one_shot = c.of_kind("one_shot")[0]
    for part in c.parts.values():
        if part.kind not in ("contact", "safety_relay") and chains & set(part.nets.values()):
            yield f"{part.ref} is in a channel of the relay"
    if one_shot.nets["Q"] in chains:
        yield f"{one_shot.ref} is in a channel of the relay"


def _permissive_switch(c: Circuit) -> Part | None:
    return next((p for p in c.of_kind("fet") if p.nets.get(p.sheet["fet"]["drain"]) == VALVE_RAIL), None)


def both_contacts_break_the_valves(c: Circuit) -> Iterator[str]:
    relay = c.of_kind("relay")[0]
    pairs = [(relay.nets[a], relay.nets[b]) for a, b in relay.sheet["relay"]["contacts"]]
    if pairs[0][1] != pairs[1][0]:
        yield "the relay's two contacts are not in series: one that is welded keeps the valves supplied"
    for name, load in c.loads.items():
        if ("driver" in load or name == "regulator") and load["rail"] != VALVE_RAIL:
            yield f"{name} is fed by {load['rail']}, which neither relay nor permissive break"


def both_channels_open_together(c: Circuit) -> Iterator[str]:
    """Each switch of the chain opens both channels, or the relay's supply."""
    relay = c.of_kind("relay")[0]
    one, two = (_contacts_to(c, relay.nets[pin]) for pin in relay.sheet["relay"]["channels"])
    if one != two:
        yield f"{one} contacts in channel 1, {two} in channel 2: after that switch the relay sees a discrepancy"


def _contacts_to(c: Circuit, net: str) -> int:
    count, seen = 0, {net}
    while True:
        step = [p for p in c.parts.values() if p.kind == "contact" and "reset" not in p.text
                and p.nets["2"] in seen and p.nets["1"] not in seen]  # fmt: skip
        if not step:
            return count
        count += 1
        seen.add(step[0].nets["1"])


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


# -- state machines


def pio_hz(clock_hz: int, most_hz: int) -> int:
    """The fastest that a whole divider gives and that is no faster than asked (firmware/drivers/memory.py)."""
    return clock_hz // ceil(clock_hz / most_hz)


def _machines(c: Circuit) -> Iterator[tuple[str, float, int, int, Part]]:
    clock = c.raw["chip"]["clock_hz"]
    for name, m in c.raw.get("pio", {}).items():
        hz = pio_hz(clock, m["hz"]) if m.get("whole", True) else m["hz"]
        yield name, hz, m["cycles"], m["read_cycles"], c.parts[m["part"]]


def dividers_are_whole(c: Circuit) -> Iterator[str]:
    clock = c.raw["chip"]["clock_hz"]
    for name, hz, *_ in _machines(c):
        if clock % hz:
            yield f"{name}: {clock / 1e6:g} MHz by {clock / hz:.3f}: its cycles are not of one length"


def data_is_there_when_it_is_read(c: Circuit) -> Iterator[str]:
    clock = c.raw["chip"]["clock_hz"]
    for name, hz, cycles, read, part in _machines(c):
        shortest = int(clock // hz) / clock * 1e9  # of a fractional divider's cycles
        if "dout_ns" in part.sheet and read * shortest < part.sheet["dout_ns"] + 10:
            yield f"{name}: read {read * shortest:.1f} ns after the edge, {part.ref} takes {part.sheet['dout_ns']:g} and pads 10"
        if cycles * shortest < part.sheet["sclk_ns"]:
            yield f"{name}: a bit is {cycles * shortest:.0f} ns, {part.ref} wants {part.sheet['sclk_ns']:g}"
