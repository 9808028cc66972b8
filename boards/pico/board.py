"""The reference carrier with a Pico: the board object that main.py gets. Wiring only; what a chip wants is in its driver."""

import time

import image_facts
import machine
import micropython
from drivers import memory, outputs
from image_facts import PINS

outputs.safe([PINS[name] for name in ("dump", "fill", "vent", "permissive", "trigger_out")])

from drivers import ads131m04, file_store, usb_serial, w25q  # noqa: E402
from drivers.dac8551 import Dac  # noqa: E402
from drivers.deadman import Deadman  # noqa: E402
from drivers.ram_nor import RamNor  # noqa: E402
from drivers.watchdog import Watchdog  # noqa: E402
from press import frame  # noqa: E402

WALL_MASK = (1 << 30) - 1
_HZ, _TOKEN, _WORST = frame.AT["HZ"], frame.AT["TOKEN"], frame.AT["TICK_WORST"]
ALWAYS_OK = frame.IN["supply_ok"] | frame.IN["travel_ok"]  # until the expander is read: nothing watches them on this board
ASKED, CRASHED = 0x52534554, 0x43525348
NVIC_ENABLE, NVIC_DISABLE, NVIC_PRIORITY_1 = 0xE000E100, 0xE000E180, 0xE000E404
PIO0_IRQ_0 = 7
TIMER_NOW = 0x40054028


class Board:
    def __init__(self):
        micropython.alloc_emergency_exception_buf(200)
        self.name = image_facts.BOARD
        self.identity = "%s-%s" % (self.name.upper(), "".join(["%02x" % b for b in machine.unique_id()]))
        self.capabilities = set(image_facts.CAPABILITIES)
        self._words = memory.words()
        self.reset_cause = self._cause()
        outputs.inputs([PINS[n] for n in ("estop_a", "estop_b", "guard_a", "guard_b", "pressure_ok", "trigger_in")])
        self.serial = usb_serial.UsbSerial(image_facts.CONSOLE_WAITS)
        self.store = file_store.FileStore()
        self.flash = self._journal()
        if image_facts.RING_ADDRESS:
            self.ring = memory.at(image_facts.RING_ADDRESS, image_facts.RING_BYTES)
        ads131m04.crc_table(memory.at(memory.CRC_TABLE, 512))
        self._converter = ads131m04.Converter(PINS["converter_clock"], PINS["converter_select"], PINS["converter_data"],
                                              PINS["data_ready"], PINS["pio_data"])
        self._hz = 0
        self._tick = None
        self._dog = Watchdog()

    def _cause(self):
        note, self._words[memory.NOTE] = self._words[memory.NOTE], 0
        if machine.reset_cause() != machine.WDT_RESET:
            return "power"
        return {ASKED: "reset", CRASHED: "crash"}.get(note, "watchdog")

    def _journal(self):
        try:
            return w25q.open_nor(0, PINS["flash_clock"], PINS["flash_data_in"], PINS["flash_data_out"], PINS["flash_select"])
        except w25q.NoChip:
            return RamNor()

    def wall_ms(self):
        return time.ticks_ms() & WALL_MASK

    def loop(self, press):
        """Ticks by interrupt, the foreground here, until the press asks for the prompt."""
        S, words, dog = press.S, self._words, self._dog
        words[memory.FRAME], words[memory.RING] = memory.address_of(S), memory.address_of(press.ring)
        words[memory.EXPANDER] = ALWAYS_OK
        for word, address in memory.REGISTERS:
            words[word] = address
        self._deadman = Deadman(PINS["permissive"])
        from fast_tick import tick

        self._tick = tick
        dog.start()
        foreground, wall = press.foreground, self.wall_ms
        while not press.wants_prompt:
            if S[_HZ] != self._hz:
                self._run_at(S[_HZ])
            foreground(wall())
            dog.passed(S[_TOKEN])

    def _run_at(self, hz):
        """(Re)start the converter and with it the ticks, at a new rate."""
        self._converter.stop()
        self._hz = hz
        self._converter.set_up(hz)
        self._dac = Dac(PINS["pio_data"], PINS["dac_clock"], PINS["dac_sync"])  # takes the shared data line back
        self._converter.prepare(hz, self._tick)
        machine.mem32[NVIC_PRIORITY_1] &= 0x00FFFFFF  # the tick comes before every other interrupt
        self._words[memory.PERIOD_US] = 1000000 // hz
        self._words[memory.LAST_US] = machine.mem32[TIMER_NOW]
        self._converter.start()

    def between_ticks(self, change):
        machine.mem32[NVIC_DISABLE] = 1 << PIO0_IRQ_0
        try:
            change()
        finally:
            machine.mem32[NVIC_ENABLE] = 1 << PIO0_IRQ_0

    def tick_worst_us(self):
        return 0

    def firmware_hash(self):
        """The first 8 bytes of the SHA-256 of what is frozen in this image."""
        return image_facts.HASH

    def _stop(self):
        self._converter.stop()
        outputs.safe([PINS[name] for name in ("dump", "fill", "vent", "permissive", "trigger_out")])

    def reset(self):
        self._stop()
        self._words[memory.NOTE] = ASKED
        machine.reset()

    def leave(self):
        """Outputs safe, the watchdog fed by a timer, and the prompt is there for mpremote."""
        self._stop()
        self._dog.feed_at_prompt()
        micropython.kbd_intr(3)

    def crashed(self, error):
        """An exception reached main.py: outputs safe, its text on the port for who listens, and start anew."""
        import sys

        self._stop()
        sys.print_exception(error)
        time.sleep_ms(200)
        self._words[memory.NOTE] = CRASHED
        machine.reset()
