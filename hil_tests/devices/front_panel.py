"""The carrier's front panel: a display and an expander on one I2C, its buttons, its lights and its buzzer."""

from hil_tests.devices.i2c_bus import I2cBus
from hil_tests.devices.mcp23017 import Mcp23017
from hil_tests.devices.ssd1306 import Ssd1306
from hil_tests.devices.wire_bits import HEALTHY, IN
from hil_tests.devices.wires import Wires

A, B = 0, 1
BUTTONS = {"start": 0, "stop": 1, "reset": 2, "select": 3}
SUPPLY = 4
LAMPS = ("red", "amber", "green", "buzzer")


class FrontPanel:
    """As the carrier wires it: contacts close to ground; stop's is closed until it is pressed, the supply's while it is good."""

    def __init__(self, wires: Wires, pins: dict[str, int]) -> None:
        self.bus = I2cBus(wires, pins["panel_data"] >> 1 & 1)
        self.display, self.expander = Ssd1306(), Mcp23017()
        self.bus.attach(self.display)
        self.bus.attach(self.expander)
        self.held: set[str] = set()
        self._told = -1
        self.plant_word(HEALTHY)

    def plant_word(self, bits: int) -> None:
        """Switches as the plant's word of inputs has them, or a finger of the test; the same again is nothing."""
        if bits == self._told:
            return
        self._told = bits
        for name, bit in BUTTONS.items():
            pressed = bool(bits & IN[name]) or name in self.held
            self.expander.ground(A, bit, not pressed if name == "stop" else pressed)
        self.expander.ground(A, SUPPLY, bool(bits & IN["supply_ok"]))

    def press(self, name: str) -> None:
        self.held.add(name)
        self._told = -1

    def release(self, name: str) -> None:
        self.held.discard(name)
        self._told = -1

    def lamps(self) -> set[str]:
        """What is lit or sounds."""
        return {name for i, name in enumerate(LAMPS) if self.expander.level(B, i)}
