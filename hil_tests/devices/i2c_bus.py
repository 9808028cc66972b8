"""An I2C bus at the level of the chip's controller: starts, addresses, bytes and stops, each after its time on the wire.

UM10204: nine clocks a byte, an address nobody owns is not acknowledged. A device has `selected(reading)` and gives True if it
acknowledges, `written(byte)` the same, `read()` a byte, and `stopped()`.
"""

from typing import Any, Protocol

from hil_tests.devices.wires import Wires

CYCLE_NS = 8.0  # the chip at 125 MHz


class Device(Protocol):
    address: int

    def selected(self, reading: bool) -> bool: ...
    def written(self, byte: int) -> bool: ...
    def read(self) -> int: ...
    def stopped(self) -> None: ...


class I2cBus:
    """Takes the callbacks of the emulated controller number `bus`."""

    def __init__(self, wires: Wires, bus: int) -> None:
        self._wires, self._i2c = wires, wires.chip.i2c[bus]
        self.devices: dict[int, Device] = {}
        self.transfers: list[tuple[float, int, int]] = []  # (ns at the stop, address, bytes)
        self.stuck = False  # somebody holds the data line: nothing is ever completed
        self._now: Device | None = None
        self._address = self._bytes = 0
        self._then: Any = None
        self._alarm = wires.alarm(self._done)
        i2c = self._i2c
        i2c.on_start, i2c.on_connect, i2c.on_stop = self._start, self._connect, self._stop
        i2c.on_write_byte, i2c.on_read_byte = self._write, self._read

    def attach(self, device: Device) -> None:
        self.devices[device.address] = device

    @property
    def clock_ns(self) -> float:
        """One period of SCL: RP2040 datasheet 4.3.14, without the few cycles that the filters add."""
        i2c = self._i2c
        return float(i2c.scl_high_period + i2c.scl_low_period) * CYCLE_NS

    def _after(self, clocks: float, then: Any) -> None:
        if self.stuck:
            return
        self._then = then
        self._alarm.schedule(clocks * self.clock_ns)

    def _done(self) -> None:
        then, self._then = self._then, None
        if then:
            then()

    def _start(self, repeated: bool) -> None:
        self._after(1, self._i2c.complete_start)

    def _connect(self, address: int, mode: int) -> None:
        device = self.devices.get(address)
        self._address, self._bytes = address, 0
        self._now = device if device is not None and device.selected(bool(mode)) else None
        there = self._now is not None
        self._after(9, lambda: self._i2c.complete_connect(there))

    def _write(self, byte: int) -> None:
        taken = self._now is not None and self._now.written(byte)
        self._bytes += 1
        self._after(9, lambda: self._i2c.complete_write(taken))

    def _read(self, acknowledged: bool) -> None:
        byte = self._now.read() if self._now is not None else 0xFF
        self._bytes += 1
        self._after(9, lambda: self._i2c.complete_read(byte))

    def _stop(self) -> None:
        device, self._now = self._now, None
        if device is not None:
            device.stopped()
            self.transfers.append((self._wires.now_ns, self._address, self._bytes))
        self._after(1, self._i2c.complete_stop)
