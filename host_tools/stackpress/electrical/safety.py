"""Rules of the permissive and its one-shot, and of the relay: what takes a valve's supply away."""

from collections.abc import Iterator

from .circuit import Circuit, Part

LATE = 1.25  # periods that a tick may be late (firmware/drivers/ads131m04.py)
FASTEST_HZ = 8000
VALVE_RAIL = "V24P"


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
    part = c.of_kind("one_shot")[0]
    k = c.capacitors[part.data["capacitor"]]
    if k.kind not in ("C0G", "film"):
        yield f"{k.ref} is {k.kind}: its value goes with voltage and temperature"


def the_timing_parts_are_at_their_pins(c: Circuit) -> Iterator[str]:
    """The capacitor between the part's two pins and at nothing else, the resistor to its supply and not below its least."""
    part = c.of_kind("one_shot")[0]
    s, r, k = part.sheet["one_shot"], c.resistors[part.data["resistor"]], c.capacitors[part.data["capacitor"]]
    own, rc = part.nets[s["c"]], part.nets[s["rc"]]
    if set(k.ends) != {own, rc} or len(c.ends[own]) != 2:
        yield f"{part.ref}.{s['c']} is wired to {own}: it is for {k.ref} only, whose other end is at {part.ref}.{s['rc']}"
    if set(r.ends) != {rc, part.nets["VCC"]}:
        yield f"{r.ref} is not between {part.ref}.{s['rc']} and its supply"
    if r.ohm < s.get("least_ohm", 0.0):
        yield f"{r.ref} is {r.ohm:g} Ohm, {part.ref} wants {s['least_ohm']:g} and more"


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
