"""A carrier as a KiCad netlist, written by skidl: each pin by the number that its package has.

skidl writes a date, and a random identity of what has no tag; the same carrier shall give the same bytes, so parts have their
reference as tag, and the date is taken out. Which line of a program made a part is not written.
"""

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path

from stackpress.electrical import Circuit

FOOTPRINTS = {
    "R": "Resistor_SMD:R_0603_1608Metric", "C": "Capacitor_SMD:C_0603_1608Metric", "D": "Diode_SMD:D_SOD-123",
    "DZ": "Diode_SMD:D_SOD-123", "OK": "Package_SO:SO-4_4.4x2.3mm_P1.27mm", "L": "Inductor_SMD:L_0603_1608Metric",
    "F": "Fuse:Fuse_2512_6332Metric", "A": "RPi_Pico:RPi_Pico_SMD_TH",
}  # fmt: skip
FOOTPRINT_OF = {
    "bss138": "Package_TO_SOT_SMD:SOT-23", "tlv803s": "Package_TO_SOT_SMD:SOT-23", "max16053": "Package_TO_SOT_SMD:SOT-23-6",
    "tps7a2025": "Package_TO_SOT_SMD:SOT-23-5", "zxms6005": "Package_TO_SOT_SMD:SOT-223-3_TabPin2",
    "zxmp7a17": "Package_TO_SOT_SMD:SOT-223-3_TabPin2", "l78l12": "Package_TO_SOT_SMD:SOT-89-3",
    "ads131m04": "Package_SO:TSSOP-20_4.4x6.5mm_P0.65mm", "sn74lvc1g123": "Package_SO:SSOP-8_2.95x2.8mm_P0.65mm",
    "dac8551": "Package_SO:VSSOP-8_3x3mm_P0.65mm", "schottky": "Diode_SMD:D_SMB", "tvs": "Diode_SMD:D_SMB",
}  # fmt: skip


def netlist(c: Circuit) -> str:
    for version in range(5, 10):  # skidl looks for symbols of KiCad that nothing here needs
        os.environ.setdefault(f"KICAD{version}_SYMBOL_DIR", tempfile.gettempdir())
    os.environ.setdefault("KICAD_SYMBOL_DIR", tempfile.gettempdir())
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # it leaves its logs where it stands
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # it warns of libraries that nothing here needs; errors are raised
                text = _written(c, Path(folder) / "carrier.net")
        finally:
            os.chdir(here)
    text = re.sub(r'\(date "[^"]*"\)', '(date "")', text)
    return re.sub(r'\(source "[^"]*"\)', f'(source "boards/{c.board.name}/carrier.toml")', text)


def _written(c: Circuit, file: Path) -> str:
    import skidl

    circuit = skidl.Circuit()
    nets = {net: skidl.Net(net, circuit=circuit) for net in sorted(c.ends)}

    def add(ref: str, name: str, value: str, pins: dict[str, tuple[str, str]], kind: str = "") -> None:
        prefix = re.sub(r"[0-9]+$", "", ref)
        footprint = FOOTPRINT_OF.get(kind, FOOTPRINTS.get(prefix, f"stackpress:{kind or prefix}"))
        part = skidl.Part(
            name=name, ref=ref, ref_prefix=prefix, value=value, footprint=footprint, tool=skidl.SKIDL, dest="NETLIST",
            circuit=circuit, tag=ref,
            pins=[skidl.Pin(num=number, name=pin, func=skidl.Pin.types.PASSIVE) for pin, (number, _) in pins.items()],
        )  # fmt: skip
        for number, net in pins.values():
            nets[net] += part[number]

    for part in c.parts.values():
        numbers = part.sheet["pins"]
        add(part.ref, part.kind, part.order, {pin: (str(numbers[pin]), net) for pin, net in part.nets.items()}, part.kind)
    for ref, r in c.resistors.items():
        add(ref, "resistor", r.text, {"1": ("1", r.ends[0]), "2": ("2", r.ends[1])})
    for ref, k in c.capacitors.items():
        add(ref, "capacitor", k.text, {"1": ("1", k.ends[0]), "2": ("2", k.ends[1])})
    for ref, plug in c.connectors.items():
        pins = {str(n): (str(n), net) for n, net in enumerate(plug["nets"], 1)}
        add(ref, "connector", plug["order"], pins, f"header_{len(pins)}")
    circuit.generate_netlist(file_=str(file), track_src=False)
    return file.read_text()
