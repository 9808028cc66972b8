"""truth.csv: what the plant truly did, beside what the firmware believed, at press time.

A row every 20 ms while the force moves, every second while it rests: a day of holding stays a small file and no ramp
loses its corners. The plant's forces are exact; `Measuring Error / N` is what the cells of the range in use say too
much, without noise.
"""

from stackpress_core.tick import states, words
from stackpress_plant import step as w

HEADER = (
    "Test Time / s,Set Force / N,Applied Force / N,Force Cell 1 / N,Force Cell 2 / N,Force Cell 3 / N,Force Cell 4 / N,"
    "Displacement / m,Valve / 1,Measured Force / N,Measuring Error / N,Drive Force / N,Dump Closed / 1,Valve Moves / 1,"
    "State / 1\n"
)
DENSE_MS, SPARSE_MS = 20, 1000
OPEN = 1 << 30
MOVED = 64 * 50  # plant units (1/64 cN): 0.5 N is always worth a row
MOVED_PART = 11  # and so is 1/2048 of the force
SET, SET_RATE, FORCE, RANGE, STATE = (words.AT[name] for name in ("SET", "SET_RATE", "FORCE", "RANGE", "STATE"))


class Truth:
    """`next_ms` is the press time of the next look; until then the plant's force may be between `least` and `most` unseen."""

    def __init__(self, path, solenoids):
        self._file = open(path, "w")
        self._file.write(HEADER)
        self._solenoids = solenoids
        self._least, self._most, self._set, self._state, self._ms = 1, 0, 0, -1, 0
        self.next_ms = 0
        self.least, self.most = -OPEN, OPEN

    def look(self, plant, S, ms):
        """Write a row if something moved or a second went by; cheap if not."""
        force = plant.P[w.FORCE]
        rests = self._least <= force <= self._most and S[SET] == self._set and S[STATE] == self._state and not S[SET_RATE]
        if rests and ms - self._ms < SPARSE_MS:
            self.next_ms = self._ms + SPARSE_MS
            self.least, self.most = self._least, self._most
            return
        far = MOVED + (force >> MOVED_PART)
        self._least, self._most, self._set, self._state, self._ms = force - far, force + far, S[SET], S[STATE], ms
        self.next_ms = ms + DENSE_MS
        self.least, self.most = -OPEN, OPEN
        self.write(plant, S, ms)

    def write(self, plant, S, ms):
        t = plant.truth()
        state, cell = t["valve_state"], t["cell_cn"]
        valve = bool(state & states.VALVE_FILL) - bool(state & states.VALVE_VENT) if self._solenoids else t["valve_code"] / 65535
        error = t["error_low_cn"] if S[RANGE] else t["error_high_cn"]
        row = (
            ms / 1000, S[SET] / 100, t["force_cn"] / 100, cell[0] / 100, cell[1] / 100, cell[2] / 100, cell[3] / 100,
            t["displacement_nm"] / 1e9, valve, S[FORCE] / 100, error / 100, t["pressure_cn"] / 100,
            bool(state & states.VALVE_DUMP_CLOSED), t["moves"], S[STATE],
        )  # fmt: skip
        self._file.write("%.3f,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f,%.9f,%.5f,%.2f,%.2f,%.2f,%d,%d,%d\n" % row)
