"""A simulated press without port, process or clock: firmware, compiled ticks and plant in one MicroPython, called as functions.

Campaigns run tens of thousands of presses; behind a serial device each would take a second. Ticks, plant and foreground are those
of the simulated press, called at the same moments (stackpress_sim/loop.py); what is left out is the line and who hangs on it.
"""

from memory_store import Store
from stackpress_core import owner
from stackpress_core.documents import Documents
from stackpress_core.firmware import Firmware
from stackpress_core.tick import blackboard, states
from stackpress_sim import watch
from stackpress_sim.board_faults import NAMES, BoardFaults, Flash
from stackpress_sim.plant_board import PlantBoard
from stackpress_sim.truth import Truth

AT = blackboard.AT
T_SECOND, T_SUB, HZ = AT["T_SECOND"], AT["T_SUB"], AT["HZ"]
FLASH_BYTES = 512 * 1024
RING_BYTES = (
    14 * 512
)  # a flight recorder of an eighth of a second: the whole one takes longer to log than the rest of a case
PASS_MS = 5  # between two passes while the foreground hangs


class Line:
    """Nobody has the port open; `sent` is what comes all the same, `got` what the press says."""

    def __init__(self):
        self.sent, self.got, self.unread, self.stalled, self.held, self.activity = b"", b"", b"", False, 0, 0

    def read(self, buf):
        n = min(len(buf), len(self.sent))
        buf[:n] = self.sent[:n]
        self.sent = self.sent[n:]
        return n

    def told(self):
        return 0

    def now_ms(self):
        self.activity += 1
        return self.activity & 0x3FFFFFFF

    def write(self, data):
        self.got = (self.got + bytes(data))[-65536:]
        return len(data)


class Board:
    """What Firmware asks of a board."""

    name, git, runs, boot_drive = "sim", "0123456789ab", "simulated", False
    capabilities = {"force_cells", "two_ranges", "regulator", "fill_vent", "dump", "permissive", "displacement", "temperature",
                    "trigger", "start_input", "journal"}  # fmt: skip

    def __init__(self, identity, slots, flash=None, cause="power"):
        self.identity, self.reset_cause = identity, cause
        self.serial, self.store, self.ring = Line(), Store(slots), bytearray(RING_BYTES)
        self.flash = flash or Flash(None, FLASH_BYTES)

    def firmware_hash(self):
        return b"firmware"

    def reset(self):
        raise SystemExit(0)


def slots_of(documents):
    """Slots of a store with these documents (name -> bytes), as their owner has sent them."""
    store = Store()
    kept = Documents(store)
    for name, text in documents.items():
        if name == "config":
            owner.allow(kept, text)
        kept.write(name, text)
    return store.slots


class Press:
    """`spec` is a plant (stackpress_plant.load); times are ms of press time."""

    def __init__(self, spec, slots, seed, identity, flash=None, native=True):
        self.board = Board(identity, slots, flash)
        self.firmware = f = Firmware(self.board)
        self.S = f.S
        self.readings, self.operator = f.readings, f.operator
        self.plant_board = PlantBoard(spec, seed, native, Truth(None))
        self.plant_board.wire(f.S, f.ring)
        f.scheduler.watch = self.plant_board.watch
        self.plant_board.at_rate(f.S[HZ])
        self.broken = BoardFaults(self.board.flash)
        self._due_ms = 0
        self.least_ms = None
        self.plant_board.run(20)
        self._pass(True)

    @property
    def plant(self):
        return self.plant_board.plant

    @property
    def state(self):
        return self.S[AT["STATE"]]

    @property
    def now_ms(self):
        s = self.S
        return s[T_SECOND] * 1000 + s[T_SUB] * 1000 // s[HZ]

    def word(self, name):
        return self.S[AT[name]]

    def _pass(self, changed):
        now, broken = self.now_ms, self.broken
        if not broken.hangs or not broken.still_hangs(now):
            self.firmware.foreground(now & 0x3FFFFFFF, changed or now >= self._due_ms, True)
            self._due_ms = self.firmware.scheduler.next_ms
        else:
            self._due_ms = now + PASS_MS

    def heard(self):
        """Somebody has asked for something: a pass at once, as a byte on the wire brings one."""
        self._pass(True)

    def run(self, ms):
        """So long."""
        s, plant, woken = self.S, self.plant_board, self.plant_board.watch.words
        end = self.now_ms + ms
        hz = s[HZ]
        while True:
            now = self.now_ms
            if now >= end:
                return
            until = min(end, self._due_ms)
            count = (until * hz + 999) // 1000 - s[T_SECOND] * hz - s[T_SUB]
            plant.run(count if count > 0 else 1)
            changed = woken[0] == watch.BLACKBOARD
            if woken[0] == watch.TEXT:
                self.plant_board._truth.flush()
            if changed or self.now_ms >= self._due_ms:
                self._pass(changed)

    # -- what is done to it

    def fault(self, name, value=1):
        if name in NAMES:
            self.broken.set(name, value, self.S, self.now_ms)
        else:
            self.plant.fault(name, value)

    def clear(self):
        self.broken.clear(None, self.S)
        self.plant.clear()

    def specimen(self):
        """The same one, as new; the ram is back."""
        self.plant_board.insert(self.plant.specimen)

    def force_cn(self):
        return self.plant.truth()["force_cn"]

    def peak_cn(self):
        return self.plant.truth()["most_force_cn"]

    def dump_open(self):
        return not self.plant.truth()["valve_state"] & states.VALVE_DUMP_CLOSED
