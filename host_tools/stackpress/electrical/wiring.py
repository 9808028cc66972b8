"""Rules of what is connected to what: roles, nets with two ends, one driver a net, levels, what a pin bears."""

from collections.abc import Iterator

from .circuit import GROUND, MODULE, Circuit, Pin

FEED_MA = 2.0  # what the input protection of a part without supply may take for long
CLAMP_MA = 5.0  # what a 24 V slip may push into a pin that has a supply
SLIP_V = 25.2
LINES = 0.5  # of what a chip's pins may give together is left for its flash, and for lines that are charged at each edge


def roles_are_wired(c: Circuit) -> Iterator[str]:
    nets = c.parts[MODULE].nets
    for role, gpio in c.board.pins.items():
        if nets.get(f"GP{gpio}") != role:
            yield f"GPIO {gpio} is {role} in board.toml and {nets.get(f'GP{gpio}', 'nothing')} on the carrier"
    for pin, net in nets.items():
        if pin.startswith("GP") and int(pin[2:]) not in c.board.pins.values():
            yield f"{MODULE}.{pin} is wired to {net}, and board.toml has no role for it"


def pins_are_known(c: Circuit) -> Iterator[str]:
    for part in c.parts.values():
        for pin in part.nets:
            if "pins" in part.sheet and pin not in part.sheet["pins"]:
                yield f"{part.ref} has no pin {pin}"
        for pin in part.sheet.get("ins", ()):
            if pin not in part.nets and part.ref != MODULE:
                yield f"{part.ref}.{pin}, an input, is wired to nothing"


def nets_have_two_ends(c: Circuit) -> Iterator[str]:
    for net, ends in c.ends.items():
        if len(ends) < 2:
            yield f"{net} has one end only, {ends[0][0]}.{ends[0][1]}"


def one_driver_a_net(c: Circuit) -> Iterator[str]:
    drivers: dict[str, list[Pin]] = {}
    for pin in c.outputs():
        drivers.setdefault(pin.net, []).append(pin)
    selected = {"flash_data_out"}  # three chips, one of which is selected
    for net, pins in drivers.items():
        if c.is_supply(net):
            yield f"{pins[0]} drives the supply {net}"
        elif len(pins) > 1 and net not in selected:
            yield f"{net} is driven by {' and '.join(map(str, pins))}"


def levels_fit(c: Circuit) -> Iterator[str]:
    inputs = list(c.inputs())
    for out in c.outputs():
        for net, ohm in c.reached(out.net):
            down = [pull for pull, to in c.pulls(net) if to == GROUND and pull > ohm]
            high = out.high * (min(down) / (min(down) + ohm) if down and ohm else 1.0)
            for pin in inputs:
                low = _low_at(out, pin)
                if pin.net == net and (high < pin.high or low > pin.low):
                    yield f"{out} gives {low:.2f} .. {high:.2f} V, {pin} wants {pin.low:.2f} .. {pin.high:.2f} V"


def _low_at(out: Pin, pin: Pin) -> float:
    """What an output's low is at the input itself: behind a diode and a pull-up it is the diode's volts more, at their current."""
    diode = _diode(pin)
    if not diode:
        return out.low
    specified_ma = out.part.sheet.get("out_low_ma")
    return float(diode["v"] + out.low * (diode["ma"] / specified_ma if specified_ma else 1.0))


def _diode(pin: Pin) -> dict[str, float] | None:
    sheet = pin.part.sheet
    return sheet.get("in_diode") if pin.name in sheet.get("in_diode_pins", [pin.name]) else None


def _bears(c: Circuit, pin: Pin, supply_v: float) -> float:
    return float(pin.part.sheet.get("bears_v", supply_v + pin.part.sheet.get("over_v", 0.3)))


def inputs_bear_their_drivers(c: Circuit) -> Iterator[str]:
    inputs = list(c.inputs())
    for out in c.outputs():
        most = c.rails[out.supply].most if out.supply in c.rails else 0.0
        for pin in inputs:
            rail = c.rails.get(pin.supply)
            bears = _bears(c, pin, rail.least if rail else 0.0)
            if pin.net == out.net and most > bears + 0.01:
                yield f"{out} gives up to {most:.2f} V, {pin} bears {bears:.2f} V"
    for pin in inputs:
        rail, own = c.rails.get(pin.net), c.rails.get(pin.supply)
        if rail and rail.most > _bears(c, pin, own.volts if own else 0.0) + 0.1:
            yield f"{pin} is wired to {rail.name}, {rail.most:.1f} V"


def one_side_without_supply(c: Circuit) -> Iterator[str]:
    inputs = list(c.inputs())
    for name, state in c.raw["states"].items():
        off = set(state["off"])
        for out in c.outputs():
            if out.supply in off or _is_off(c, out, off):
                continue
            for net, ohm in c.reached(out.net):
                for pin in inputs:
                    if pin.net != net or pin.supply not in off or "bears_v" in pin.part.sheet:
                        continue
                    ma = (c.rails[out.supply].most - 0.6) / ohm * 1000 if ohm else float("inf")
                    if ma > FEED_MA:
                        yield f"{name}: {out} feeds {pin}, whose supply is off" + ("" if ma > 1000 else f", with {ma:.1f} mA")


def _is_off(c: Circuit, out: Pin, off: set[str]) -> bool:
    """Whether an output's enable hangs on a supply that is off and on ground only."""
    enable = out.part.sheet.get("enables", {}).get(out.name)
    if not enable:
        return False
    net = out.part.nets[enable]
    tied = {to for _, to in c.pulls(net)}
    return net in off | {GROUND} or (bool(tied) and tied <= off | {GROUND})


def a_slip_kills_no_pin(c: Circuit) -> Iterator[str]:
    """24 V on any wire that leaves the carrier."""
    cover = set(c.raw["no_cover"])
    weak = {(p.ref, pin) for p in c.parts.values() for pin in p.nets if _weak(p.sheet, pin)}
    for ref, plug in c.connectors.items():
        for net in plug["nets"]:
            if c.is_supply(net) or net in cover:
                continue
            for far, ohm in c.reached(net):
                ma = (SLIP_V - 3.7) / ohm * 1000 if ohm else float("inf")
                hit = [f"{r}.{pin}" for r, pin in c.ends[far] if (r, pin) in weak]
                if hit and ma > CLAMP_MA:
                    yield f"24 V on {ref} {net} reach {hit[0]}" + (f" with {ma:.0f} mA" if ohm else "")


def _weak(sheet: dict[str, object], pin: str) -> bool:
    if float(sheet.get("bears_v", 0)) >= SLIP_V:  # type: ignore[arg-type]
        return False
    digital = [*sheet.get("ins", ()), *sheet.get("outs", ()), *sheet.get("open", ())]  # type: ignore[misc]
    return pin in digital or pin.startswith(("AIN", "GP"))


def pulls_are_safe(c: Circuit) -> Iterator[str]:
    """What a broken wire, or a chip in reset, leaves behind is never the level that permits."""
    for net, good in c.raw["good"].items():
        pulls = [(ohm, "low" if to == GROUND else "high") for ohm, to in c.pulls(net)]
        if not pulls:
            yield f"{net}: nothing pulls it anywhere"
        elif min(pulls)[1] == good:
            yield f"{net}: {good} is what permits, and that is where {min(pulls)[0] / 1000:g} kOhm pull it"
        elif min(pulls)[0] > 15000:
            yield f"{net}: {min(pulls)[0] / 1000:g} kOhm are a weak pull"


def pulldowns_hold_an_rp2350(c: Circuit) -> Iterator[str]:
    most = c.parts[MODULE].sheet.get("pulldown_ohm", 8200)
    ins = {c.parts[MODULE].nets[pin] for pin in c.parts[MODULE].pins("ins")}
    for net in sorted(ins & set(c.raw["good"])):
        down = [ohm for ohm, to in c.pulls(net) if to == GROUND]
        if down and min(down) > most:
            yield f"{net}: {min(down) / 1000:g} kOhm, and an input of an RP2350 may hold 2.2 V against more than {most / 1000:g}"


def expander_pins_are_outputs(c: Circuit) -> Iterator[str]:
    for part in c.of_kind("output_only"):
        for pin in part.sheet["output_only"]:
            net = part.nets.get(pin)
            driven = [out for out in c.outputs() if out.net == net and out.part.ref != part.ref]
            if net in {contact["read"] for contact in c.raw["contacts"].values()} | {GROUND} or driven:
                yield f"{part.ref}.{pin} can't be an input"


def i2c_rises(c: Circuit) -> Iterator[str]:
    """The carrier's own resistors are quick enough without any board, and with those that boards bring none is too strong."""
    for net in ("panel_data", "panel_clock"):
        up = [ohm for ohm, to in c.pulls(net) if to in c.rails]
        if net in c.ends and not up:
            yield f"{net} has no pull-up"
            continue
        brought = [p.sheet["pull_up_ohm"] for p in c.of_kind("pull_up_ohm") if net in p.nets.values()]
        together = 1 / sum(1 / ohm for ohm in (*up, *brought)) if up else 0.0
        if up and (min(up) > 3500 or together < 1100):  # UM10204 7.1: 300 ns with 100 pF at 400 kHz; 3 mA at 0.4 V
            ohms = f"{min(up) / 1000:g} kOhm, {together / 1000:.2g} with all boards"
            yield f"{net}: {ohms}; 1.1 .. 3.5 are right for 400 kHz and 100 pF"


def i2c_answers(c: Circuit) -> Iterator[str]:
    """Each chip on the I2C is at the address that its driver asks. A pin that nobody wires is pulled up on its board."""
    inputs = {(pin.part.ref, pin.name): pin for pin in c.inputs()}
    at: dict[int, str] = {}
    for part in c.of_kind("address"):
        sheet, asked = part.sheet["address"], c.raw.get("addresses", {}).get(part.ref)
        nets = [part.nets.get(pin, "") for pin in sheet["pins"]]
        found = sheet["base"] | sum(1 << bit for bit, net in enumerate(nets) if net != GROUND)
        if found != asked:
            yield f"{part.ref} answers at {found:#x}, its driver asks {asked:#x}" if asked else f"{part.ref}: no driver asks it"
        if found in at:
            yield f"{part.ref} and {at[found]} both answer at {found:#x}"
        at[found] = part.ref
        for name, net in zip(sheet["pins"], nets, strict=True):
            pin = inputs.get((part.ref, name))
            diode = _diode(pin) if pin else None
            if pin and diode and net == GROUND and diode["v"] > pin.low:
                yield f"{pin} at ground leaves {diode['v']:.2f} V behind its diode, its low ends at {pin.low:.2f} V"


def outputs_give_together_what_they_may(c: Circuit) -> Iterator[str]:
    """All pins of the processor at once, each resistor as if there were nothing behind it, for what is behind it may be shorted."""
    module = c.parts[MODULE]
    most_v, budget = c.rails[module.nets["3V3"]].most, LINES * module.sheet["io_ma"]
    driven = [module.nets[pin] for kind in ("outs", "open") for pin in module.pins(kind)]
    given = sum(_io_ma(c, net, most_v, to_rail=False) for net in driven)
    taken = sum(_io_ma(c, net, most_v, to_rail=True) for net in driven)
    for ma, what in ((given, "give"), (taken, "take")):
        if ma > budget:
            yield f"{MODULE}: its pins may have to {what} {ma:.0f} mA together, {budget:g} are left of {module.sheet['io_ma']}"


def _io_ma(c: Circuit, net: str, volts: float, *, to_rail: bool) -> float:
    """Through resistors to ground (of a high output) or to a rail (of a low one), and into what takes or brings a current."""
    none = {GROUND} if to_rail else set(c.rails)  # where nothing flows
    ma = sum(volts / r.ohm * 1000 for r in c.at(net) if r.far(net) not in none)
    for part in c.parts.values():
        pins = [pin for pin in part.pins("ins") if part.nets[pin] == net]
        if pins and not to_rail:
            ma += part.sheet.get("input_ma", 0.0)
        if to_rail:
            ma += sum(part.sheet.get("in_diode", {}).get("ma", 0.0) for pin in pins if pin in part.sheet.get("in_diode_pins", pins))
            ma += volts / part.sheet["pull_up_ohm"] * 1000 if "pull_up_ohm" in part.sheet and net in part.nets.values() else 0.0
    return ma


def everything_can_be_ordered(c: Circuit) -> Iterator[str]:
    for part in c.parts.values():
        if not part.order.strip():
            yield f"{part.ref} has no order code"
    for ref, plug in c.connectors.items():
        if not plug["order"].strip():
            yield f"{ref} has no order code"
