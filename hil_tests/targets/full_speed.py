"""The USB bus between the emulated controller and its host: full speed, one bulk packet after the other, 19 a millisecond.

rp2040py moves a packet the moment the chip arms it, so its wire is as fast as the chip. Here a packet goes in its turn on the bus
(USB 2.0, table 5-9: 19 bulk packets of 64 bytes are the most that a frame holds), in either direction, and a host may leave off
reading: then what is sent waits in the controller, as behind a NAK.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

PACKET_NS = 1e6 / 19
AVAILABLE, FULL, LENGTH = 1 << 10, 1 << 15, 0x3FF  # of a buffer control half (RP2040 datasheet 4.1.4)
DOUBLE, CONTROLS = 1 << 30, 0x80  # offsets in the controller's memory: buffer controls of endpoint 0
SECOND = 64  # where the second buffer of an endpoint lies, from its first


class FullSpeed:
    """`reading` says whether the host takes what is sent; `send` gives it bytes for an endpoint."""

    def __init__(self, chip: Any, usb: Any) -> None:
        self._usb, self._dpram = usb, chip.usb_dpram
        self._others = usb.dpram_updated
        self._to_host: deque[tuple[int, int, int, bool]] = deque()  # endpoint, buffer, bytes, whether the chip hears of it
        self._from_host: Callable[[], bool] = lambda: False
        self._is_reading = True
        self._clock, self._free_ns = chip.clock, 0.0
        self._turn = chip.clock.create_alarm(self._packet)
        self._waits = False
        usb.dpram_updated = self._updated

    @property
    def reading(self) -> bool:
        return self._is_reading

    @reading.setter
    def reading(self, does: bool) -> None:
        self._is_reading = does
        self.wake()

    def serve(self, out: Callable[[], bool]) -> None:
        """`out()` gives the chip one packet from the host, and says whether there was one that the chip takes."""
        self._from_host = out

    def wake(self) -> None:
        """Somebody has something to send."""
        if not self._waits:
            self._waits = True
            self._turn.schedule(max(PACKET_NS / 4, self._free_ns - self._clock.nanos))

    def clear(self) -> None:
        """The bus was reset."""
        self._to_host.clear()

    def _packet(self) -> None:
        self._waits = False
        moved = self._from_host()
        if not moved and self._to_host and self._is_reading:
            self._take(*self._to_host.popleft())
            moved = True
        if moved:
            self._free_ns = self._clock.nanos + PACKET_NS
            self.wake()

    def _take(self, endpoint: int, buffer: int, size: int, heard: bool) -> None:
        at = self._usb._get_endpoint_buffer_offset(endpoint, False) + SECOND * buffer
        data = bytes(self._dpram[at : at + size])
        control = CONTROLS + 8 * endpoint
        value = int.from_bytes(self._dpram[control : control + 4], "little") & ~(FULL << 16 * buffer)
        self._dpram[control : control + 4] = value.to_bytes(4, "little")
        if heard:
            self._usb._indicate_buffer_ready(endpoint, False)
        self._usb.on_endpoint_write(endpoint, data)

    def _updated(self, offset: int, value: int) -> None:
        endpoint, out = (offset - CONTROLS) >> 3, bool(offset & 4)
        if self._usb._host_mode or out or endpoint < 1 or offset < CONTROLS or offset >= CONTROLS + 128 or not value & AVAILABLE:
            self._others(offset, value)
            return
        double = bool(self._usb._read_endpoint_control_reg(endpoint, False) & DOUBLE and value >> 16 & AVAILABLE)
        self._dpram[offset : offset + 4] = (value & ~(AVAILABLE | AVAILABLE << 16)).to_bytes(4, "little")
        self._to_host.append((endpoint, 0, value & LENGTH, not double))
        if double:
            self._to_host.append((endpoint, 1, value >> 16 & LENGTH, True))
        self.wake()
