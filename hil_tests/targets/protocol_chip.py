"""The USB port of an emulated chip as a pyserial port, `chip://1`, for a host in the same process: pyserial finds it by its URL.

Nothing but a read or a write lets the chip's time go on: who reads lets it run until there are bytes, who writes lets it run for a
frame of the bus, for no host answers at once. There is no thread and no pty between, and no clock of the computer's is asked: at
which nanosecond a byte reaches the chip depends on what was asked before and on nothing else.
"""

import itertools
from typing import Any, Protocol
from weakref import WeakValueDictionary

import serial

FRAME_NS = 1e6  # of full-speed USB
SILENT_S = 10.0  # simulated, without one byte, while somebody reads: the host would wait for ever


class Chips(Protocol):
    """Whoever has the chip; after a power cut it is another one."""

    chip: Any


class Wire:
    """Between one press's chip and its host."""

    _all: WeakValueDictionary[str, "Wire"] = WeakValueDictionary()
    _numbers = itertools.count(1)

    def __init__(self, of: Chips) -> None:
        self._of, self.url, self.open = of, f"chip://{next(self._numbers)}", False
        self._received = bytearray()
        self._silent_ns = 0.0
        Wire._all[self.url] = self
        if __package__ not in serial.protocol_handler_packages:
            serial.protocol_handler_packages.append(__package__)

    @classmethod
    def named(cls, url: str) -> "Wire":
        if url not in cls._all:
            raise serial.SerialException(f"there is no emulated chip {url}")
        return cls._all[url]

    def from_chip(self, data: bytes) -> None:
        """Bytes of the chip; where no host has the port open they are gone."""
        if self.open:
            self._received += data
            self._of.chip.loop.stopped = True

    def clear(self) -> None:
        self._received.clear()
        self._silent_ns = 0.0

    @property
    def waiting(self) -> int:
        return len(self._received)

    def read(self, size: int, within_s: float) -> bytes:
        """Up to `size` bytes; the chip runs until they are there, at most so long."""
        chip = self._of.chip
        began_ns = chip.now_ns
        chip.run_to(began_ns + within_s * 1e9, lambda: len(self._received) >= size)
        found = bytes(self._received[:size])
        del self._received[:size]
        self._silent_ns = 0.0 if found else self._silent_ns + chip.now_ns - began_ns
        if chip.in_boot_rom or self._silent_ns > SILENT_S * 1e9:
            raise serial.SerialException(f"{self.url} has said nothing for {self._silent_ns / 1e9:.1f} s of its own time")
        return found

    def write(self, data: bytes) -> None:
        chip = self._of.chip
        chip.run_to(chip.now_ns + FRAME_NS)
        chip.send(data)

    def send_break(self) -> None:
        self._of.chip.send_break()


class Serial:
    """What a host needs of pyserial's Serial."""

    break_condition = property(None, lambda self, on: self._opened().send_break() if on else None)

    def __init__(self, port: str | None = None, *_: Any, timeout: float | None = None, **__: Any) -> None:
        self.port, self.timeout = port, timeout
        self.write_timeout: float | None = None
        self._wire: Wire | None = None
        if port is not None:
            self.open()

    def open(self) -> None:
        wire = Wire.named(str(self.port))
        if wire.open:
            raise serial.SerialException(f"{self.port} is busy: somebody has a lock on it")
        wire.clear()
        self._wire, wire.open = wire, True

    def close(self) -> None:
        if self._wire:
            self._wire.open = False
        self._wire = None

    @property
    def is_open(self) -> bool:
        return self._wire is not None

    def _opened(self) -> Wire:
        if self._wire is None:
            raise serial.PortNotOpenError
        return self._wire

    @property
    def in_waiting(self) -> int:
        return self._opened().waiting

    def read(self, size: int = 1) -> bytes:
        return self._opened().read(size, SILENT_S if self.timeout is None else self.timeout)

    def write(self, data: bytes) -> int:
        self._opened().write(bytes(data))
        return len(data)

    def __enter__(self) -> "Serial":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
