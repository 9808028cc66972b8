"""The simulated board: the same object that main.py gets from a real one, with the plant where the wires would end.

Its loop is in loop.py; what a hand in the laboratory can do to it comes through side_channel.py.
"""

import io
import json
import os
import sys
import time

from stackpress_core.file_store import FileStore
from stackpress_core.tick import blackboard, states
from stackpress_plant.faults import FAULTS as PLANT_FAULTS

from stackpress_sim.board_faults import FAULTS, NAMES, BoardFaults, Flash
from stackpress_sim.loop import Loop
from stackpress_sim.pace import Pace
from stackpress_sim.plant_board import PlantBoard
from stackpress_sim.serial_port import SerialPort
from stackpress_sim.side_channel import SideChannel
from stackpress_sim.truth import Truth

CAPABILITIES = ("force_cells", "two_ranges", "regulator", "fill_vent", "dump", "permissive", "displacement",
                "temperature", "trigger", "start_input", "journal", "faults")  # fmt: skip
WALL_MASK = (1 << 30) - 1
T_SECOND, T_SUB, HZ, STATE = (blackboard.AT[name] for name in ("T_SECOND", "T_SUB", "HZ", "STATE"))


class Board:
    """What main.py gets: serial, flash, store, and the loop of plant and press."""

    def __init__(self):
        with open(os.getenv("STACKPRESS_SIM")) as f:
            settings = json.load(f)
        state, spec = settings["state"], settings["plant"]
        self.name = "sim"
        self.identity = "SIM-" + settings["name"]
        self.capabilities = set(CAPABILITIES)
        self._firmware_hash = bytes.fromhex(settings["firmware_hash"])
        self.git = settings["git"]
        self.runs, self.boot_drive = "simulated", False
        self.reset_cause = settings["cause"]
        self.truth = Truth(state + "/truth.csv" if settings["truth"] else None)
        self.plant = PlantBoard(spec, settings["seed"], settings["native"], self.truth)
        self.serial = SerialPort()
        self.flash = Flash(state + "/flash.bin", settings["flash_bytes"])
        self.store = FileStore(state + "/store")
        self.pace = Pace(settings["pace"], settings["speed"])
        self.side_channel = SideChannel(settings["side_channel_fd"], self)
        self.broken = BoardFaults(self.flash)
        self._own_plant = spec
        self._bootsel = False
        self.simulation = self  # what SIMulation commands speak to
        self._wall_is_real = settings["wall"] == "real"
        self._blackboard = blackboard.new()

    def press_ms(self):
        S = self._blackboard
        return S[T_SECOND] * 1000 + S[T_SUB] * 1000 // (S[HZ] or 1)

    def wall_ms(self, press_ms):
        """The clock for leases and time-outs; it follows press time where a run must repeat bit for bit."""
        return (time.ticks_ms() if self._wall_is_real else press_ms) & WALL_MASK

    def truth_now(self):
        """What the plant truly does now: forces / N, displacement / m, valve."""
        t = self.plant.plant.truth()
        return {
            "force_n": t["force_cn"] / 100,
            "peak_force_n": t["most_force_cn"] / 100,
            "cell_n": [cn / 100 for cn in t["cell_cn"]],
            "displacement_m": t["displacement_nm"] / 1e9,
            "drive_n": t["pressure_cn"] / 100,
            "valve_code": t["valve_code"],
            "fill_open": 1 if t["valve_state"] & states.VALVE_FILL else 0,
            "vent_open": 1 if t["valve_state"] & states.VALVE_VENT else 0,
            "dump_open": 0 if t["valve_state"] & states.VALVE_DUMP_CLOSED else 1,
            "moves": t["moves"],
            "state": self._blackboard[STATE],
        }

    def plant_truth(self):
        """The same in whole numbers, and the largest force since the specimen was put in."""
        return self.plant.plant.truth()

    def new_plant(self, spec):
        """Another press and specimen, or those it was started with if `spec` is None; the ram goes back to its rest."""
        self.plant.renew(spec or self._own_plant)

    def fault(self, name, value):
        """Set one fault of the plant or of the board; KeyError if there is none of that name."""
        if name in NAMES:
            self.broken.set(name, value, self._blackboard, self.press_ms())
        else:
            self.plant.plant.fault(name, value)

    def clear_fault(self, name):
        """Take one fault back, or all if `name` is None."""
        if name is None or name in NAMES:
            self.broken.clear(name, self._blackboard)
        if name not in NAMES:
            self.plant.plant.clear(name)

    def faults(self):
        """Those that are set: name and value."""
        active = dict(self.plant.plant.active)
        active.update(self.broken.on)
        return active

    def known_faults(self):
        """All there are: name and help."""
        return [(row[0], row[-1]) for row in PLANT_FAULTS + FAULTS]

    def loop(self, press):
        """Run the press until it asks for the MicroPython prompt."""
        self._blackboard = press.S
        self.plant.wire(press.S, press.ring)
        document = press.documents.get("plant")
        if document:
            self.plant.at_rate(press.S[HZ])
            self.plant.renew(document["plant"])
        Loop(self, press).run()

    def hold_bootsel(self, held):
        """A hand on the board, which no wire reaches."""
        self._bootsel = held

    def bootsel_held(self):
        return self._bootsel

    def firmware_hash(self):
        """The first 8 bytes of the SHA-256 of the sources that run."""
        return self._firmware_hash

    def reset(self):
        """Restart as a board does; the supervisor starts the firmware again."""
        raise SystemExit(0)

    def leave(self):
        """End the process; the supervisor puts MicroPython's prompt on the port, with what was typed ahead."""
        if self.serial.unread:
            self.side_channel.tell({"unread": self.serial.unread.hex()})
        raise SystemExit(3)

    def crashed(self, error, note_crash):
        """An exception reached main.py: end; the next start knows of the crash; its text is in the store and in firmware.log."""
        text = io.StringIO()
        sys.print_exception(error, text)
        note_crash(self.store, text.getvalue())
        sys.print_exception(error, sys.stderr)
        raise SystemExit(5)
