"""The board object of every RP2040 and RP2350 board, put together from what its image says it has.

Which part sits where is data (`image_facts`, from the board's folder), and a part that a board does not have is not even in its
image. A part's module gives `make(board)`; what it returns may have `begin(press)`, called once before the first tick, and
`service(wall_ms)`, called once in every pass of the foreground and never longer than about a millisecond, and `leave()`, before the
prompt is given away.

| role | must have |
| --- | --- |
| converter | `set_up(hz)`, `prepare(hz, handler)`, `start()`, `stop()`; its stage `receive` writes RAW (signed 24 bit) and STATUS |
| | may have: `rates` (tick rates / Hz), `sample_hz` (slower than the tick), `forgets` (must be set up anew after a dip) |
| actuator | `start()`: whenever the converter was set up anew |
| flash | what the journal wants of a NOR flash; `make` raises `outputs.Absent` if no chip answers |
| panel | writes what buttons and supervisor say into the fixed word EXPANDER; `select(channel)` for thermocouples |
| thermocouples, scale | write their words of the blackboard |
"""

import gc
import time

import image_facts
import machine
import micropython
from image_facts import CHIP, DRIVERS, PINS
from micropython import const

from drivers import memory, outputs

outputs.safe(image_facts.LOW_PINS)

import tick_code  # noqa: E402
from stackpress_core.file_store import FileStore  # noqa: E402
from stackpress_core.tick import blackboard  # noqa: E402

from drivers import tick_vector, usb_serial, watchdog  # noqa: E402

WALL_MASK = (1 << 30) - 1
_LOOP, _WIRE = const(64), const(1)  # in the trail: this loop, then the parts that are served; the wire between them (last_words.py)
_HZ, _TOKEN = blackboard.AT["HZ"], blackboard.AT["TOKEN"]
_STATUS, _STALE, _VALVE = blackboard.AT["STATUS"], blackboard.AT["SIG_STALE"], blackboard.AT["VALVE"]
COLLECT_MS = 500  # garbage that is left lies between what comes to stay, and no large piece is free for a document
AGAIN_MS = 1000
ASKED, CRASHED = 0x52534554, 0x43525348
NOTES = {ASKED: "reset", CRASHED: "crash"}  # what the firmware leaves for its next start
IRQ = CHIP["pio0_irq_0"]
NVIC_ENABLE, NVIC_DISABLE, NVIC_FORGET, NVIC_PRIORITY = (0xE000E100, 0xE000E180, 0xE000E280,
                                                         0xE000E400 + (IRQ & ~3))  # ARMv6-M B3.4, ARMv7-M B3.4
TIMER_NOW = CHIP["timer"] + 0x28
PIO_FLAGS, TICK_FLAGS = CHIP["pio0"] + 0x30, 3  # RP2040 datasheet 3.7: IRQ, cleared by 1; 0 calls for a tick, 1 is beside it


def _no_tick(source):
    """What MicroPython wants as the handler of the tick's interrupt; the vector leads past it."""


class Board:
    def __init__(self):
        micropython.alloc_emergency_exception_buf(200)
        self.name, self.pins, self.settings = image_facts.BOARD, PINS, image_facts.SETTINGS
        self.identity = "%s-%s" % (self.name.upper(), "".join(["%02x" % b for b in machine.unique_id()]))
        self.capabilities = set(image_facts.CAPABILITIES)
        self.git, self.runs, self.boot_drive = image_facts.GIT, "frozen", True
        self._vector = tick_vector.TickVector(tick_code.entry(), IRQ)
        self._words = memory.words()
        self.trail = memory.words(memory.NOTE + 4, 2)
        self.reset_cause = self._cause()
        outputs.inputs(image_facts.SWITCH_PINS)
        self.serial = usb_serial.UsbSerial()
        self.store = FileStore()
        self.store_told = self.store.told
        self.image_told = "" if tick_code.image_is_whole() else "the image in the flash is not what was built: flash it again"
        self._buses = {}
        self.panel = self._part("panel")
        self.flash = self._journal()
        self.flash.whole_records = usb_serial.whole_records
        size, address = image_facts.RING_BYTES, image_facts.RING_ADDRESS
        self.ring = memory.at(address, size) if address else bytearray(size)
        self._converter, self._actuator, self._deadman = self._part("converter"), self._part("actuator"), self._part("deadman")
        self.tick_rates = getattr(self._converter, "rates", ())  # none: any
        self.slowest_hz = getattr(self._deadman, "slowest_hz", 0)
        self.sample_hz = getattr(self._converter, "sample_hz", 0)  # 0: a sample for each tick
        parts = (self.panel, self._part("thermocouples"), self._part("scale"), self.flash, self._converter, self._deadman)
        self._parts = [part for part in parts if part]
        self._hz = self._again = 0
        self._dog = watchdog.Watchdog(self.trail)
        self.died = self._last_words()

    def _part(self, role):
        """What drives a part, or None if the board has none."""
        name = DRIVERS.get(role)
        return __import__("drivers." + name, None, None, ("make",)).make(self) if name else None

    def spi(self, clock, data_in, data_out):
        """The hardware SPI whose clock is the role `clock`: one object for all who share it."""
        Pin, pins = machine.Pin, self.pins
        if clock not in self._buses:
            self._buses[clock] = machine.SPI(pins[clock] >> 3 & 1, baudrate=24000000, sck=Pin(pins[clock]),
                                             mosi=Pin(pins[data_in]), miso=Pin(pins[data_out]))
        return self._buses[clock]

    def _cause(self):
        note, machine.mem32[memory.NOTE] = machine.mem32[memory.NOTE], 0
        if note in NOTES:
            return NOTES[note]
        if machine.reset_cause() != machine.WDT_RESET:
            return "power"
        return "watchdog" if watchdog.ran_out() else "reset"

    def _last_words(self):
        """What is known of how the start before ended, if it ended badly; the RAM of who knows it is given back."""
        import sys

        import drivers
        from drivers import last_words

        told = last_words.told(self.trail, self._parts)
        del sys.modules["drivers.last_words"], drivers.last_words
        return told if self.reset_cause in ("watchdog", "crash") else ""

    def _journal(self):
        """The journal's flash; a chip that is not there is replaced by a little RAM, and the press is told."""
        self.journal_missing = ""
        try:
            return self._part("flash")
        except outputs.Absent as absent:
            from drivers import ram_nor

            self.journal_missing = str(absent)
            return ram_nor.make(self)

    def wall_ms(self):
        return time.ticks_ms() & WALL_MASK

    def loop(self, press):
        """Ticks by interrupt, the foreground here, until the press asks for the prompt."""
        S, fixed, dog = press.S, self._words, self._dog
        fixed[memory.BLACKBOARD], fixed[memory.RING] = memory.address_of(S), memory.address_of(press.ring)
        fixed[memory.EXPANDER] = 0
        for word, address in memory.REGISTERS:
            fixed[word] = address
        for part in self._parts:
            if hasattr(part, "begin"):
                part.begin(press)
        services = [part.service for part in self._parts if hasattr(part, "service")]
        dog.start()
        foreground, serve, wall, trail, collected = press.foreground, press.serve, self.wall_ms, self.trail, 0
        while not press.wants_prompt:
            if not S[_VALVE] & blackboard.VALVE_POWERED and (wall() - collected) & WALL_MASK > COLLECT_MS:
                collected = wall()
                gc.collect()
            if S[_HZ] != self._hz:
                self._run_at(S[_HZ])
            foreground(wall())
            at = _LOOP
            for service in services:
                trail[0] = _WIRE
                serve()
                at += 1
                trail[0] = at
                service(wall())
            trail[0] = _LOOP
            if S[_STATUS] & blackboard.SAMPLE_CHIP_RESET or S[_STALE] > S[_HZ]:
                self._set_up_again(S, wall())
            dog.passed(S[_TOKEN])

    def _set_up_again(self, S, now):
        """A converter that was without supply has lost its setting: once a second, and while nothing is energised.

        What the press made of it stays: a trip is latched, and an acknowledgement is asked for.
        """
        if S[_VALVE] & blackboard.VALVE_POWERED or (now - self._again) & WALL_MASK < AGAIN_MS:
            return
        self._again = now
        if getattr(self._converter, "forgets", False):
            self._run_at(S[_HZ])

    def _run_at(self, hz):
        """(Re)start the converter and with it the ticks, at a new rate."""
        self._silence()
        self._hz = hz
        self._converter.set_up(hz)
        if self._actuator:
            self._actuator.start()
        self._converter.prepare(hz, _no_tick)
        self._vector.take()
        machine.mem32[PIO_FLAGS] = TICK_FLAGS  # of a sample that was given up: its tick would read in the middle of the next one
        machine.mem32[NVIC_FORGET] = machine.mem32[NVIC_ENABLE] = 1 << IRQ
        machine.mem32[NVIC_PRIORITY] &= ~(255 << (IRQ & 3) * 8)  # the tick comes before every other interrupt
        self._words[memory.PERIOD_US] = 1000000 // hz
        self._words[memory.LAST_US] = machine.mem32[TIMER_NOW]
        self._converter.start()

    def between_ticks(self, change):
        machine.mem32[NVIC_DISABLE] = 1 << IRQ
        try:
            change()
        finally:
            machine.mem32[NVIC_ENABLE] = 1 << IRQ

    def still_at_work(self):
        """The foreground is at something bounded that takes longer than a pass; the tick judges how long it may."""
        self._dog.last_work()

    def bootsel_held(self):
        """Whether a hand holds BOOTSEL. The flash is let go of while that is looked at, so no tick may come meanwhile."""
        from rp2 import bootsel_button

        held = []
        self.between_ticks(lambda: held.append(bootsel_button()))
        return held[0] == 1

    def firmware_hash(self):
        """The first 8 bytes of the SHA-256 of what is frozen in this image."""
        return image_facts.HASH

    def _silence(self):
        machine.mem32[NVIC_DISABLE] = 1 << IRQ  # while the vector leads to MicroPython, nothing may come there
        self._vector.give_back()
        self._converter.stop()

    def _stop(self):
        try:
            self._silence()  # a tick would drive the outputs again
        finally:
            outputs.safe(image_facts.LOW_PINS)
        if self.panel:
            self.panel.off()
        if hasattr(self.flash, "settle"):
            self.flash.settle(self._dog.last_work)  # nothing is energised any more

    def reset(self):
        self._stop()
        machine.mem32[memory.NOTE] = ASKED
        machine.reset()

    def bootloader(self):
        """The drive of the chip's ROM, which takes a new image. The watchdog must not end that: the ROM never feeds it."""
        self._stop()
        watchdog.stop()
        machine.mem32[memory.NOTE] = ASKED
        machine.bootloader()

    def leave(self):
        """Outputs safe, the watchdog fed by a timer, and the prompt is there for mpremote."""
        self._stop()
        for part in self._parts:
            if hasattr(part, "leave"):
                part.leave()
        machine.mem32[memory.NOTE] = ASKED  # a soft reset is no crash
        watchdog.feed_at_prompt()
        micropython.kbd_intr(3)

    def crashed(self, error, note_crash):
        """An exception reached main.py: outputs safe, its text into the store and on the port for who listens, and start anew."""
        import sys
        from io import StringIO

        self._stop()
        text = StringIO()
        sys.print_exception(error, text)
        note_crash(self.store, text.getvalue())
        sys.print_exception(error)
        time.sleep_ms(200)
        machine.mem32[memory.NOTE] = CRASHED
        machine.reset()
