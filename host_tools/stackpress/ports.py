"""Which serial ports have a press: USB devices with a press's numbers, and simulated presses that are registered.

Exactly one is used without asking; none or several is an error that says what to do, never a guess.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import NoPress

USB_VENDOR = 0x2E8A  # Raspberry Pi; MicroPython boards and the Pico use its numbers
USB_PRODUCTS = (0x0005, 0x0009, 0x000A, 0x000F)


@dataclass(frozen=True)
class FoundPort:
    """A port that has a press, or at least a board that could be one."""

    device: str
    text: str
    kind: str  # "usb" or "simulated"


def usb_ports() -> list[FoundPort]:
    """Serial ports whose USB vendor and product numbers are those of a press's board."""
    from serial.tools import list_ports

    found = []
    for port in list_ports.comports():
        if port.vid == USB_VENDOR and (port.pid in USB_PRODUCTS):
            text = f"{port.description or 'USB'} {port.serial_number or ''}".strip()
            found.append(FoundPort(port.device, text, "usb"))
    return found


def simulated_ports() -> list[FoundPort]:
    """Simulated presses whose process is alive. There are none on Windows: they need a pty."""
    if sys.platform == "win32":
        return []
    from .simulator import registry

    return [FoundPort(str(e["port"]), f"simulated press {e['name']}", "simulated") for e in registry.running()]


def find_ports() -> list[FoundPort]:
    """Every press that this computer can see."""
    return usb_ports() + simulated_ports()


def choose_port(port: str | None = None) -> str:
    """`port` itself, what STACKPRESS_PORT names, or the only press there is. Raises NoPress."""
    port = port or os.environ.get("STACKPRESS_PORT")
    if port:
        return port
    return choose_among([(one.device, one.text) for one in find_ports()])


def choose_among(found: Sequence[tuple[str, str]]) -> str:
    """The only one of these (device, what it is). Raises NoPress."""
    if len(found) == 1:
        return found[0][0]
    if not found:
        raise NoPress("no press is attached", "Plug one in, start one with `stackpress sim`, or say --port.")
    listed = "".join(f"\n  {device}  {text}" for device, text in found)
    raise NoPress(f"{len(found)} presses are attached:{listed}", "Say which with --port.")
