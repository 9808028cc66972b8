"""An emulated RP2040 that runs an image, on simulated time and without a loop of its own: `run_to` is all that moves it.

What rp2040py does otherwise than a real board is mended here, in one place (hil_tests/emulated/README.md says why): a USB read is
completed only when the host has bytes, packets go in their turn (full_speed.py), the host's start of frame comes every millisecond
while the chip listens for it, and a restart into the ROM's boot drive is told instead of starting the flash.
"""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from hil_tests.targets import compilation
from hil_tests.targets.full_speed import FullSpeed

CYCLE_NS = 8.0  # 125 MHz
PIO_STEP_CYCLES = 2  # one step of a state machine at 62.5 MHz
PERI_HZ = 48_000_000  # MicroPython runs the peripherals' clock from the USB PLL, the emulator from the system clock
TIMERAWL = 0x28
PIO0_IRQ_0 = 16 + 7  # the tick: its exception number (RP2040 datasheet 2.3.2)
SRAM, HALT = 0x20000000, 0x20041FFC  # HALT is the oldest word of the stack: nobody returns there
BRANCH_TO_ITSELF = b"\xfe\xe7"
VECTOR_MAGIC, ROM_END = 0xB007C0D3, 0x4000
SIE_STATUS, SUSPENDED, RESUMED = 0x50, 1 << 4, 1 << 11  # RP2040 datasheet 4.1.4: cleared by writing 1
SEND_BREAK = 0x23  # CDC PSTN 1.2, 6.3.13
DEV_SOF, SOF_RD = 1 << 17, 0x48  # RP2040 datasheet 4.1.4: the flag is cleared by reading the register


class PlainLoop:
    """rp2040py's own loop, where it could not be compiled anew."""

    def __init__(self, simulator: Any) -> None:
        self._simulator = simulator
        self.stopped = False

    def run(self) -> None:
        from rp2040py.execute_batch import execute_batch

        while not self.stopped:
            execute_batch(cast(Any, self), 1)

    def idle(self, until_ns: float, cycles: int) -> None:
        while self.clock.nanos < until_ns:
            self.clock.tick(cycles * CYCLE_NS)
            for pio in self.rp2040.pio:
                if not pio.stopped:
                    pio.advance(cycles)

    @property
    def rp2040(self) -> Any:
        return self._simulator.rp2040

    @property
    def clock(self) -> Any:
        return self._simulator.clock


class Chip:
    def __init__(self, image: Path) -> None:
        self.slow_because = compilation.install()
        from rp2040py.boards import resolve_board_spec
        from rp2040py.device.base_device import BaseDevice
        from rp2040py.memory_map import FLASH_START_ADDRESS
        from rp2040py.utils.firmware_retrieve import MICROPYTHON

        self.device = BaseDevice(board=resolve_board_spec("pico", MICROPYTHON, str(image)))
        self.mcu: Any = self.device.mcu
        self.mcu.clk_peri = PERI_HZ
        self.loop = self._loop()
        self.connected = self._plugged = False
        self.on_bytes: Callable[[bytes], None] = lambda data: None
        self._to_chip = bytearray()
        self._stepping = False
        self._exception = 0
        self._left: Callable[[float], None] = lambda ns: None
        self._waiting = -1  # size of a read that the chip's USB has armed
        self.in_boot_rom = False
        self.on_boot_rom: Callable[[], None] = lambda: None
        self._mend_usb()
        self._mend_restart()
        self._mend_i2c()
        self._halt = self.mcu.clock.create_alarm(self._halted)
        self.mcu.core.pc = FLASH_START_ADDRESS

    def _loop(self) -> Any:
        """What executes: `run` until `stopped`."""
        if self.slow_because:
            return PlainLoop(self.device.simulator)
        compiled: Any = importlib.import_module("rp2040py.native._loop")
        return compiled.Loop(self.mcu, self.mcu.clock)

    def _mend_usb(self) -> None:
        cdc, usb = self.device.cdc, self.mcu.usb_ctrl
        self.bus = FullSpeed(self.mcu, usb)
        self.bus.serve(self._feed)
        others = usb.on_endpoint_read

        def read(endpoint: int, size: int) -> None:
            if endpoint != cdc._out_endpoint or endpoint == 0:
                others(endpoint, size)
                return
            self._waiting = size
            self.bus.wake()

        def connected() -> None:
            self.connected = True
            if self._plugged:  # what the endpoints held before the reset is gone
                self._plugged = False
                self.bus.clear()
                self.bus.reading = True

        usb.on_endpoint_read = read
        cdc.on_device_connected = connected
        cdc.on_serial_data = lambda data: self.on_bytes(bytes(data))
        register = usb.read_uint32

        def read_register(offset: int) -> int:
            if offset & 0xFFF == SOF_RD and usb._int_raw & DEV_SOF:
                usb._int_raw &= ~DEV_SOF
                usb.check_interrupts()
            return int(register(offset))

        def start_of_frame() -> None:
            self._sof.schedule(1e6)
            if usb._int_enable & DEV_SOF:
                usb._int_raw |= DEV_SOF
                usb.check_interrupts()

        self._break_ends = self.mcu.clock.create_alarm(lambda: cdc._send_class_request(SEND_BREAK, 0, None, w_length=0))
        write = usb.write_uint32

        def write_register(offset: int, value: int) -> None:
            write(offset, value)
            if offset & 0xFFF == SIE_STATUS and usb.raw_write_value & SUSPENDED:  # rp2040py keeps that bit for ever
                usb._sie_status &= ~SUSPENDED
                usb._sie_status_updated()

        usb.write_uint32 = write_register
        usb.read_uint32 = read_register
        self._sof = self.mcu.clock.create_alarm(start_of_frame)
        self._sof.schedule(1e6)

    def _mend_i2c(self) -> None:
        """What is aborted leaves an empty queue, and the controller says so (RP2040 datasheet 4.3.10.1.1 and 4.3.17): else the
        driver waits for its time-out, and its next transfer finds the reason of this one."""
        from rp2040py.peripherals.i2c import R_TX_EMPTY

        for i2c in self.mcu.i2c:
            abort = i2c._abort

            def aborted(reason: int, abort: Any = abort, i2c: Any = i2c) -> None:
                abort(reason)
                i2c._set_interrupts(R_TX_EMPTY)

            i2c._abort = aborted

    def _mend_restart(self) -> None:
        """A restart goes where the watchdog's scratch registers say (RP2040 datasheet 2.8.1.1); rp2040py knows the flash only.

        And a DMA channel that was busy stays busy there; a reset stops it (RP2040 datasheet 2.14).
        The ROM's USB disk is not emulated: from a restart into the ROM on the chip stands still, until `take` gives it an image.
        """
        dog = self.mcu.watchdog
        others = dog.on_watchdog_trigger

        def triggered() -> None:
            for channel in self.mcu.dma.channels:
                channel.abort()
            if dog.scratch_data[4] == VECTOR_MAGIC and dog.scratch_data[7] < ROM_END:
                self.in_boot_rom = self.loop.stopped = True
                self._to_chip.clear()
                self.mcu.enter_reset(from_watchdog=True)
                self.on_boot_rom()
            else:
                self._waiting = -1
                self.bus.clear()
                others()

        dog.on_watchdog_trigger = triggered

    def take(self, blocks: Mapping[int, bytes]) -> None:
        """What the ROM does with a whole UF2: write its blocks, leave the rest of the flash alone, and restart."""
        from rp2040py.memory_map import FLASH_START_ADDRESS

        for address, data in blocks.items():
            at = address - FLASH_START_ADDRESS
            self.mcu.flash[at : at + len(data)] = data
        self.mcu.watchdog.scratch_data[4] = 0
        self.in_boot_rom, self._waiting = False, -1
        self.bus.clear()
        self._to_chip.clear()
        self.mcu.watchdog.on_watchdog_trigger()

    def _feed(self) -> bool:
        """The next packet from the host, if there is one and the chip takes it."""
        if self._waiting < 0 or not self._to_chip:
            return False
        size, self._waiting = self._waiting, -1
        part, self._to_chip[:] = bytes(self._to_chip[:size]), self._to_chip[size:]
        self.mcu.usb_ctrl._finish_read(self.device.cdc._out_endpoint, part)
        return True

    def send(self, data: bytes) -> None:
        """Bytes for the chip's serial port; there is none while the chip is in its ROM."""
        if not self.in_boot_rom:
            self._to_chip += data
            self.bus.wake()

    def send_break(self) -> None:
        """The request SEND_BREAK, on and off: it needs room in no buffer."""
        cdc = self.device.cdc
        cdc._send_class_request(SEND_BREAK, 0xFFFF, None, w_length=0)
        self._break_ends.schedule(1e6)

    def suspend(self) -> None:
        """No start of frame any more, and no packet: a host that sleeps, or a cable that is out of a press with its own supply."""
        self._sof.cancel()
        self.bus.reading = False
        self._tell(SUSPENDED)

    def resume(self) -> None:
        """The host is awake again."""
        self._tell(RESUMED)
        self._sof.schedule(1e6)
        self.bus.reading = True

    def plug(self) -> None:
        """The cable is in again, at a host that has not seen this device: it resets the bus, and reads when it has set it up."""
        cdc = self.device.cdc
        self.bus.clear()
        self._to_chip.clear()
        self._waiting = -1
        cdc._initialized, cdc._descriptors_size, cdc._descriptors = False, None, []
        self._sof.cancel()
        self._sof.schedule(1e6)
        self._plugged, self.bus.reading = True, False
        cdc.usb.reset_device()

    def _tell(self, bit: int) -> None:
        usb = self.mcu.usb_ctrl
        usb._sie_status |= bit
        usb._sie_status_updated()

    @property
    def unread(self) -> int:
        """Bytes that the chip has not fetched yet."""
        return len(self._to_chip)

    @property
    def now_ns(self) -> float:
        return float(self.mcu.clock.nanos)

    def _halted(self) -> None:
        self.loop.stopped = True

    def run_to(self, ns: float, done: Callable[[], bool] = lambda: False) -> None:
        """Execute until simulated time `ns`, until `done()` (asked whenever somebody has set `loop.stopped`), or until the chip
        restarts into its ROM."""
        while ns - self.now_ns > 0 and not self.in_boot_rom and not done():
            self.loop.stopped = False
            self._halt.schedule(ns - self.now_ns)
            self.loop.run()
            if self._stepping:
                self._step_out()
        self._halt.cancel()

    # -- the tick, seen from outside ---------------------------------------------------------------------------------

    def watch_interrupt(self, exception: int, entered: Callable[[float], None], left: Callable[[float], None]) -> None:
        """Tell when a handler began and when the processor was back from it: the handler reads the timer first and last.

        From the last reading on the chip is stepped one instruction at a time, until the exception is over.
        """
        timer, core = self.mcu.timer, self.mcu.core
        register = timer.read_uint32
        self._left, self._exception = left, exception
        inside = core.ipsr == exception

        def read(offset: int) -> int:
            nonlocal inside
            if offset == TIMERAWL and core.ipsr == exception:
                if inside:
                    self._stepping = self.loop.stopped = True
                else:
                    entered(self.now_ns)
                inside = not inside
            return int(register(offset))

        timer.read_uint32 = read

    def step(self) -> int:
        """One instruction; the cycles that it took."""
        cycles = int(self.mcu.core.execute_instruction())
        self.mcu.clock.tick(cycles * CYCLE_NS)
        for pio in self.mcu.pio:
            if not pio.stopped:
                pio.advance(cycles)
        return cycles

    def step_while(self, holds: Callable[[], bool]) -> None:
        """One instruction after the other, as long as `holds()` says so."""
        while holds():
            self.step()

    def go_in_circles(self, interrupts: bool = True) -> None:
        """The program hangs from here on; without `interrupts` nothing else comes through either."""
        core = self.mcu.core
        self.mcu.sram[HALT - SRAM : HALT - SRAM + 2] = BRANCH_TO_ITSELF
        core.pm, core.pc = core.pm or not interrupts, HALT

    def go_on_without_processor(self, ns: float) -> None:
        """The processor waits in the middle of an instruction; everything around it goes on, a state machine's steps included."""
        self.loop.idle(self.now_ns + ns, PIO_STEP_CYCLES)

    def _step_out(self) -> None:
        self._halt.cancel()
        self.step_while(lambda: bool(self.mcu.core.ipsr == self._exception))
        self._stepping = False
        self._left(self.now_ns)
