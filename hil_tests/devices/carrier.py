"""What else is on the carrier: the permissive's one-shot, valve drivers, switches, and the plant behind all of them."""

from array import array
from collections.abc import Sequence
from functools import partial
from typing import Any

from stackpress_plant import plant as physics
from stackpress_plant import state as words

from hil_tests.devices.ads131m04 import Ads131m04
from hil_tests.devices.contact import Contact
from hil_tests.devices.dac8551 import Dac8551
from hil_tests.devices.front_panel import FrontPanel
from hil_tests.devices.max31856 import Max31856
from hil_tests.devices.mcp23017 import IODIRB, OLATB
from hil_tests.devices.recorder import EDGES, TRUTH_HZ, Recorder
from hil_tests.devices.safety_relay import SafetyRelay
from hil_tests.devices.scale import QuadratureScale
from hil_tests.devices.supply import GOOD_AFTER_MS
from hil_tests.devices.w25q import W25q
from hil_tests.devices.wire_bits import HEALTHY, IN, PERMISSIVE, valve_bits
from hil_tests.devices.wires import Wires
from hil_tests.targets import compilation

BOUNCING = ("estop_a", "estop_b", "guard_a", "guard_b", "pressure_ok")  # at pins, behind opto-couplers; the panel has the others

CHAINS = (IN["estop_a"] | IN["guard_a"], IN["estop_b"] | IN["guard_b"])  # contacts of the same switches, linked by force


class OneShot:
    """Alive while pulses keep coming; the rising edge of each begins its time anew, the falling one does nothing (74HC123).

    An edge that comes sooner after a trigger than the part can be triggered again does nothing either (Nexperia 74HC123, note 2 to
    its AC characteristics). `last_ns` is the last edge of either kind; `lapses` counts the pulses that came after it had dropped.
    """

    def __init__(self, wires: Wires, pin: int, holds_ms: float = 1.0, retrigger_us: float = 0.0) -> None:
        self._wires, self.until_ns = wires, -1.0
        self.holds_ns, self._again_ns, self._triggered_ns = holds_ms * 1e6, retrigger_us * 1000, -1e9
        self.pulses = self.lapses = 0
        self.last_ns = 0.0
        wires.watch(pin, self._edge)

    def _edge(self, level: int) -> None:
        self.last_ns = self._wires.now_ns
        if level and self.last_ns - self._triggered_ns >= self._again_ns:
            self._triggered_ns = self.last_ns
            self.lapses += self.pulses > 0 and not self.alive
            self.pulses += 1
            self.until_ns = self.last_ns + self.holds_ns

    @property
    def alive(self) -> bool:
        return self._wires.now_ns < self.until_ns


class Carrier:
    """The electronics and the press: at each conversion the plant takes one step with what the pins say."""

    def __init__(self, chip: Any, pins: dict[str, int], spec: Any, at: dict[str, int], hz: int, seed: int = 1,
                 flash: bytearray | None = None, plant: Any = None) -> None:
        """`plant` goes on with a press that is there already, as after a power cut."""
        self.wires, self.pins, self.at = Wires(chip, pins, EDGES), pins, at
        self.recorder = Recorder(self.wires, pins)
        self.travel_more_nm = self._travelled_more_nm = 0  # how much further the ram is than the plant has it
        self.blackboard = array("i", [0] * (max(at[name] for name in at) + 1))
        self.spec, self.seed = spec, seed
        self.hz = hz
        self.plant = plant or self._plant()
        self.one_shot = OneShot(self.wires, pins["permissive"])
        self.dac = Dac8551(self.wires, pins, lambda: self.one_shot.alive)
        self.relay, self.attended, self.relay_reset = SafetyRelay(), True, False  # somebody resets it as soon as that helps
        self.supplied, self._good_ns = True, 0.0  # the 24 V; when the supervisor said that they are good
        self.contacts = {name: Contact(self.wires, pins[name], seed=seed + n) for n, name in enumerate(BOUNCING)}
        self.flash = W25q(self.wires, pins, size=1 << 18, data=flash)  # a small one mounts quickly
        self.panel = FrontPanel(self.wires, pins) if "panel_data" in pins else None
        self.scale = QuadratureScale(self.wires, pins["scale_a"], pins["scale_b"]) if "scale_a" in pins else None
        self.thermocouples = self._thermocouples(self.panel) if self.panel else []
        self.trigger_in, self._switched = 0, -1
        self.steps, self._plant_step = 0, compilation.plant_step()
        self._switches(HEALTHY)
        self.converter = Ads131m04(self.wires, pins, self._sample)

    def _plant(self) -> Any:
        """The press at the present rate; checked by its own rules, so it is untyped here."""
        module: Any = physics
        return module.Plant(self.spec, self.hz, self.seed, module.words_of(self.at))

    def _thermocouples(self, panel: FrontPanel) -> list[Max31856]:
        """Two, on the journal's SPI; their selects are the last two pins of the expander's port B, with pull-ups."""
        chips = [Max31856(self.wires, 0, partial(self._temperature, n)) for n in (0, 1)]

        def written() -> None:
            registers = panel.expander.registers
            for n, chip in enumerate(chips):
                chip.select((registers[OLATB] | registers[IODIRB]) >> 6 + n & 1)

        panel.expander.on_written = written
        return chips

    def _temperature(self, n: int) -> int:
        return int(self.blackboard[self.at["TEMPERATURE"] + n])

    def _sample(self) -> Sequence[int]:
        """One step of the plant at each conversion."""
        rate = round(self.converter.rate_hz)
        if rate != self.hz and 50 <= rate <= 8000:
            active = dict(self.plant.active)
            self.hz = rate
            self.plant = self._plant()
            for name, value in active.items():
                self.plant.fault(name, value)
        S, at = self.blackboard, self.at
        bits = valve_bits(self.wires, self.pins, self.one_shot.alive)
        if not bits & PERMISSIVE:
            self.dac.unpowered()
        S[at["CODE"]], S[at["VALVE"]] = self.dac.code, bits
        self._plant_step(S, self.plant.P)
        self.steps += 1
        self._switches(self._chain(S[at["INPUTS"]]))
        if self.scale:
            self.scale.move_to(S[at["DISPLACEMENT"]] + self._further(), 0.9e9 / self.hz)
        if self.steps % max(1, self.hz // TRUTH_HZ) == 0:
            self.recorder.look(self.plant.truth())
        raw = at["RAW"]
        return S[raw : raw + 4]

    def _chain(self, bits: int) -> int:
        """The safety relay, the valves' supply behind it and the supervisor of that; what the processor reads of all this."""
        now, faults = self.wires.now_ns, self.plant.active
        stuck = "relay_dead" in faults
        one, two = (stuck or bits & chain == chain for chain in CHAINS)
        supply = self.supplied and bool(bits & IN["pressure_ok"])
        start = one and two and supply if self.attended else self.relay_reset
        closed = self.relay.look(now, one, two, start, supply) and self.supplied
        self.plant.P[words.RELAY_OPEN] = int(not closed or "no_power" in faults)
        if not closed:
            self._good_ns = now + GOOD_AFTER_MS * 1e6
        return bits if now >= self._good_ns else bits & ~IN["supply_ok"]

    def _further(self) -> int:
        """Towards `travel_more_nm`, four counts of the scale a step."""
        missing = self.travel_more_nm - self._travelled_more_nm
        self._travelled_more_nm += max(-4000, min(4000, missing))
        return self._travelled_more_nm

    def _switches(self, bits: int) -> None:
        if bits != self._switched:
            self._switched = bits
            for name, contact in self.contacts.items():
                contact.set(bool(bits & IN[name]))
        self.wires.drive(self.pins["trigger_in"], self.trigger_in)
        if self.panel:
            self.panel.plant_word(bits)
