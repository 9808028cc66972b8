# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The emulator's own loop over instructions (rp2040py's execute_batch), with its calls made in C and an end in simulated time.

One turn does what one turn of execute_batch does, in the same order: an instruction or a jump to the next alarm, the clock, and
then both PIO blocks by as many cycles.
"""

from rp2040py.native._cortex_m0_core cimport CortexM0Core
from rp2040py.native._pio cimport RPPIO
from rp2040py.native._rp2040 cimport RP2040
from rp2040py.native._simulation_clock cimport SimulationClock

cdef double CYCLE_NANOS = 1e9 / 125_000_000


cdef class Loop:
    """`stopped` ends `run` after the present turn, from wherever it is set."""

    cdef public bint stopped
    cdef RP2040 rp2040
    cdef CortexM0Core core
    cdef SimulationClock clock
    cdef RPPIO pio0
    cdef RPPIO pio1

    def __init__(self, RP2040 rp2040, SimulationClock clock):
        self.rp2040, self.core, self.clock = rp2040, rp2040.core, clock
        self.pio0, self.pio1 = rp2040.pio
        self.stopped = False

    def run(self):
        cdef CortexM0Core core = self.core
        cdef SimulationClock clock = self.clock
        cdef RPPIO pio0 = self.pio0
        cdef RPPIO pio1 = self.pio1
        cdef long long cycles
        cdef double idle_nanos
        while not self.stopped:
            if core.waiting:
                idle_nanos = clock.nanos_to_next_alarm
                clock.tick(idle_nanos)
                cycles = <long long>(idle_nanos / CYCLE_NANOS) or 1
            else:
                cycles = core.execute_instruction()
                clock.tick(cycles * CYCLE_NANOS)
            if not pio0.stopped:
                pio0.advance(cycles)
            if not pio1.stopped:
                pio1.advance(cycles)
