"""Run the circuits and judge the printed values: `python -m boards.spice`; `--write` puts them into the README.

ngspice ends with 0 when a measurement has failed, so a claim without its number is a claim that failed.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from stackpress.electrical import Circuit, circuit_of, supplies

HERE = Path(__file__).resolve().parent
START, END = "<!-- measured by ngspice -->\n", "<!-- end -->\n"
OPEN, SHUT = "1G", "1m"


def _values(c: Circuit) -> dict[str, Any]:
    found: dict[str, Any] = {ref: r.ohm for ref, r in c.resistors.items()}
    found |= {ref: k.farad for ref, k in c.capacitors.items()}
    coil = c.loads["dump"]
    found |= {"henry": coil["henry"], "coil_ohm": 24 / coil["ma"] * 1000,
              "coils_henry": coil["henry"] / 3, "coils_ohm": 8 / coil["ma"] * 1000, "K": 1.0, "C1": found["C1"] * 0.8}
    found |= {"begins": supplies.threshold_v(c)[3] - c.parts["D2"].sheet["diode"]["forward_v"],
              "watts": supplies.PICO_W / c.parts["U10"].sheet["regulator"]["efficiency"]}
    found |= {"buffer": 1, "enable": "v24p", "series": found.get("R31", 1)}
    found |= {"e_plus": SHUT, "e_minus": SHUT, "s_plus": SHUT, "s_minus": SHUT}
    return found | {"D4": "Df d v24p sk", "D5": "Df 0 v24p sk"}


# board, circuit, what is other than the carrier has it, measurement, least, most, unit, what it says
CLAIMS: tuple[tuple[str, str, dict[str, Any], str, float, float, float, str], ...] = (
    ("pico", "one_shot", {}, "lowest_while_ticking", 3.0, 3.4, 1, "V: high without a gap at 2 kHz"),
    ("pico", "one_shot", {"K": 0.9, "R21": 11880, "C21": 95e-9}, "lowest_while_ticking", 3.0, 3.4, 1,
     "V: the shortest one as well"),
    ("pico", "one_shot", {"K": 1.1, "R21": 12120, "C21": 105e-9}, "drops_at", 10.7e-3, 11.0e-3, 1e3,
     "ms: the longest drops; the last tick was at 9.51"),
    ("pico", "permissive", {}, "on_v", 23.5, 24.0, 1, "V at three coils and the regulator"),
    ("pico", "permissive", {}, "gate_v", 10.0, 13.0, 1, "V at the P-channel's gate"),
    ("pico", "permissive", {}, "off_us", 0, 100e-6, 1e6, "us from the one-shot's end to 2 V"),
    ("pico", "permissive", {}, "lowest_v", -1.0, 0.1, 1, "V: the coils' current goes through D5"),
    ("pico", "permissive", {"D5": "* none"}, "lowest_v", -1e6, -46.0, 1, "V without D5: beyond what Q2 bears"),
    ("pico", "permissive", {}, "current_after_10ms", 0.3, 0.55, 1,
     "A of 1.05 left after 10 ms, where a hung processor holds the drivers on"),
    ("pico", "valve_clamp", {}, "peak_v", 60, 70, 1, "V when a driver lets go"),
    ("pico", "valve_clamp", {}, "energy_j", 0.03, 0.12, 1e3, "mJ into the clamp, 490 are borne"),
    ("pico", "valve_clamp", {}, "to_a_fifth", 0, 8e-3, 1e3, "ms to a fifth of the current"),
    ("pico_hx711", "pwm_coil", {}, "mean_a", 0.22, 0.27, 1, "A at half duty, 0.25 is half"),
    ("pico_hx711", "pwm_coil", {"D4": "* none"}, "mean_a", 0, 0.18, 1, "A without D4: duty is not current"),
    ("pico", "dac_chain", {}, "most_a", -1e-9, 5e-3, 1e3,  # below zero: what is left on the rail leaks out of the input
     "mA at most into an input, with buffer and 470 Ohm"),
    ("pico", "dac_chain", {}, "rail_v", 0, 0.1, 1, "V left on the DAC's rail"),
    ("pico", "dac_chain", {"enable": "dac5", "R37": 1e4, "R38": 1.5e4}, "rail_v", 2.0, 3.3, 1,
     "V left where the enable hangs on that rail: the buffer holds itself on"),
    ("pico", "dac_chain", {"buffer": 0, "series": 1}, "rail_v", 2.0, 3.3, 1, "V left without the buffer: the DAC lives on"),
    ("pico", "switch_input", {}, "led_a", 4.5e-3, 6e-3, 1e3, "mA through a switch's contact"),
    ("pico", "switch_input", {}, "high_v", 2.6, 3.2, 1, "V at the pin, with half of the least transfer"),
    ("pico", "switch_input", {}, "low_after", 0, 150e-6, 1e6,
     "us to 0.8 V after the contact has opened; the coupler's storage adds about 100"),
    ("pico", "hold_up", {}, "lives", 45e-3, 200e-3, 1e3, "ms after supply_ok has gone"),
    ("pico", "broken_bridge", {}, "signal_v", 4.5e-3, 5.6e-3, 1e3, "mV of a whole bridge at 2 mV/V"),
    ("pico", "broken_bridge", {"s_plus": OPEN}, "signal_v", 0.0188, 2.5, 1e3, "mV with S+ open: the rail"),
    ("pico", "broken_bridge", {"s_minus": OPEN}, "signal_v", 0.0188, 2.5, 1e3, "mV with S- open: the rail"),
    ("pico", "broken_bridge", {"e_plus": OPEN}, "signal_v", -1e-3, 1e-3, 1e3, "mV with E+ open: reads as zero"),
    ("pico", "broken_bridge", {"e_minus": OPEN}, "signal_v", -1e-3, 1e-3, 1e3, "mV with E- open: reads as zero"),
)  # fmt: skip


def measured(circuit: str, values: dict[str, Any]) -> dict[str, float]:
    """Name -> number of every measurement that succeeded."""
    text = (HERE / f"{circuit}.cir").read_text()
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    with tempfile.TemporaryDirectory() as folder:
        deck = Path(folder) / "deck.cir"
        deck.write_text(text)
        done = subprocess.run(["ngspice", "-b", str(deck)], capture_output=True, text=True, timeout=120)
    return {name: float(number) for name, number in re.findall(r"^(\w+)\s*=\s*([-+0-9.eE]+)", done.stdout, re.M)}


def main() -> int:
    if shutil.which("ngspice") is None:
        print("ngspice is not there: apt-get install ngspice")
        return 1
    rows, bad = [], 0
    for board, circuit, other, name, least, most, scale, text in CLAIMS:
        carrier = circuit_of(board)
        assert carrier is not None
        number = measured(circuit, {**_values(carrier), **other}).get(name)
        good = number is not None and least <= number <= most
        bad += not good
        shown = "no number" if number is None else f"{number * scale:.3g}"
        rows.append(f"| {circuit} | {name} | {shown} | {text} |")
        print(f"{'ok  ' if good else 'BAD '} {circuit:14} {name:22} {shown:>10} {text}")
    if "--write" in sys.argv and not bad:
        readme = HERE / "README.md"
        head, rest = readme.read_text().split(START)
        table = "| circuit | measurement | value | |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
        readme.write_text(head + START + table + END + rest.split(END)[1])
    print(f"{len(CLAIMS)} claims, {bad} not kept")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
