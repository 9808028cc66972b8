"""The simulated board: the same object that main.py gets from a real one, with the plant where the wires would end.

The loop is lock step: one foreground period of ticks, each {plant, core}, then one pass of the foreground. Press time depends on
nothing but the number of ticks, so the same commands at the same press times give the same result, bit for bit.
"""

import json
import os
import select
import time

from bench import Bench
from nor_file import NorFile
from pace import HOLD, Pace
from plant_board import PlantBoard
from press import frame
from serial_port import SerialPort
from store import Store
from truth import Truth

FOREGROUND_MS = 5
TRUTH_PASSES = 4  # the truth is looked at every 20 ms
QUIET_PASSES = 40  # passes without a byte moved after which a press whose time stands still may sleep
WALL_MASK = (1 << 30) - 1
T_SECOND, T_SUB, HZ = frame.AT["T_SECOND"], frame.AT["T_SUB"], frame.AT["HZ"]


class Board:
    """What main.py gets: serial, flash, store, inputs and outputs, and the loop that drives them."""

    def __init__(self):
        settings = json.loads(os.getenv("STACKPRESS_SIM"))
        state = settings["state"]
        self.name = "sim"
        self.identity = "SIM-" + settings["name"]
        self.capabilities = {"regulator", "fill_vent", "two_ranges", "displacement", "temperature", "sim"}
        self.reset_cause = settings["cause"]
        self.plant = PlantBoard(settings)
        self.sample, self.apply = self.plant.sample, self.plant.apply
        self.serial = SerialPort()
        self.flash = NorFile(state + "/flash.bin", settings["flash_bytes"])
        self.store = Store(state + "/store")
        self.pace = Pace(settings["pace"], settings["speed"])
        self.bench = Bench(settings["bench_fd"], self)
        self._truth = Truth(state + "/truth.csv") if settings["truth"] else None
        self._wall_is_real = settings["wall"] == "real"
        self._poll = select.poll()
        self._poll.register(self.serial.stream, select.POLLIN)
        self._poll.register(self.bench.stream, select.POLLIN)
        self._frame = frame.new()

    def press_ms(self):
        S = self._frame
        return S[T_SECOND] * 1000 + S[T_SUB] * 1000 // (S[HZ] or 1)

    def wall_ms(self):
        """The clock for leases and time-outs; it follows press time where a run must repeat bit for bit."""
        return (time.ticks_ms() if self._wall_is_real else self.press_ms()) & WALL_MASK

    def loop(self, press):
        """Run the press until it asks for the MicroPython prompt."""
        S = self._frame = press.S
        foreground, pace, serial, bench, plant, truth = (
            press.foreground, self.pace, self.serial, self.bench, self.plant, self._truth)  # fmt: skip
        passes, quiet, moved = 0, 0, 0
        while not press.wants_prompt:
            self._wait(quiet)
            if bench.ready:
                bench.service()
            if pace.due(FOREGROUND_MS * 1000):
                plant.run(max(1, S[HZ] * FOREGROUND_MS // 1000), press.tick, S)
                passes += 1
                if truth and passes % TRUTH_PASSES == 0:
                    truth.look(plant, S)
                if pace.until is not None:
                    pace.passed(self.press_ms())
                quiet = 0
            foreground(self.wall_ms())
            quiet = quiet + 1 if serial.activity == moved else 0
            moved = serial.activity

    def _wait(self, quiet):
        """Sleep until a byte comes or the next period is due; a press that stands still finishes what it has first."""
        timeout_ms = 0 if self.pace.mode == HOLD and quiet < QUIET_PASSES else self.pace.wait_ms()
        for stream, _ in self._poll.poll(timeout_ms):
            if stream is self.serial.stream:
                self.serial.ready = True
            else:
                self.bench.ready = True

    def leave(self):
        """End the process; the supervisor puts MicroPython's prompt on the port."""
        raise SystemExit(3)
