# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The emulator's own loop over instructions (rp2040py's execute_batch), with its calls made in C and an end in simulated time.

One turn does what one turn of execute_batch does, in the same order: an instruction or a jump to the next alarm, the clock, and
then both PIO blocks by as many cycles. Turns in which nothing can happen but a plain instruction and steps of PIO that only the state
machine itself can see are made many at a time (burst.h, machines.h).
"""

from rp2040py.native._cortex_m0_core cimport CortexM0Core
from rp2040py.native._gpio_pin cimport GPIOPin
from rp2040py.native._pio cimport RPPIO
from rp2040py.native._rp2040 cimport RP2040
from rp2040py.native._simulation_clock cimport SimulationClock
from rp2040py.native._state_machine cimport StateMachine

cdef extern from "burst.h":
    struct divider:
        unsigned int dividend, divisor, quotient, remainder, csr

    struct core:
        unsigned int *r
        bint *n
        bint *z
        bint *c
        bint *v
        int *mode
        unsigned long long *cycles
        unsigned char *ram
        unsigned char *flash
        unsigned char *rom
        divider div

    struct machine:
        bint *enabled
        bint *waiting
        bint *exec_valid
        unsigned int *pc
        unsigned int *x
        unsigned int *y
        unsigned int *in_ "in"
        unsigned int *in_count
        unsigned int *out
        unsigned int *out_count
        unsigned int *exec_ctrl
        unsigned int *shift_ctrl
        unsigned int *pin_ctrl
        long long *cycles
        long long *due
        long long *div

    struct pad:
        bint *driven
        bint *raw
        unsigned int *pad
        unsigned int *ctrl

    struct block:
        machine machine[4]
        unsigned int *program
        unsigned int *values
        unsigned int *directions
        unsigned int *old_values
        unsigned int *old_directions
        bint *stopped
        long long *at
        long long *due
        long long *drops
        pad *pads
        unsigned int pins

    void block_begin(block *k)
    int blocks_make(block *k, long long cycles)
    int run_burst(core *c, block *blocks, double *now, double alarm)
    int one(core *c)
    int divider_read(divider *d, unsigned int offset, unsigned int *value)
    int divider_write(divider *d, unsigned long long *cycles, unsigned int offset, unsigned int value)

cdef unsigned int TIMEHR = 0x08, TIMELR = 0x0C, TIMERAWL = 0x28  # RP2040 datasheet 4.6.5
cdef double CYCLE_NANOS = 1e9 / 125_000_000


cdef class Loop:
    """`stopped` ends `run` after the present turn, from wherever it is set."""

    cdef public bint stopped
    cdef RP2040 rp2040
    cdef CortexM0Core core
    cdef SimulationClock clock
    cdef RPPIO pio0
    cdef RPPIO pio1
    cdef core plain
    cdef block blocks[2]
    cdef pad pads[32]
    cdef object others, timer, timers_own

    def __init__(self, RP2040 rp2040, SimulationClock clock):
        self.rp2040, self.core, self.clock = rp2040, rp2040.core, clock
        self.pio0, self.pio1 = rp2040.pio
        self.stopped = False
        self._reach()
        sio = rp2040.sio
        self.others = sio.read_uint32, sio.write_uint32, sio.reset
        sio.read_uint32, sio.write_uint32, sio.reset = self.read_sio, self.write_sio, self.reset_sio
        self.timer, self.timers_own = rp2040.timer, rp2040.timer.read_uint32
        self.timer.read_uint32 = self.read_timer

    cdef void _reach(self):
        """Where the core's registers and the chip's memories lie: they never move."""
        cdef core *b = &self.plain
        b.r = &self.core.registers[0]
        b.n, b.z, b.c, b.v, b.mode = &self.core.n, &self.core.z, &self.core.c, &self.core.v, &self.core.current_mode
        b.cycles = &self.core.cycles
        b.ram, b.flash = &self.rp2040._sram[0], &self.rp2040._flash[0]
        b.rom = <unsigned char *>&self.rp2040._bootrom[0]
        b.div = divider(0, 1, 0, 0, 0)
        cdef GPIOPin pin
        cdef pad *p
        for n in range(len(self.rp2040.gpio)):
            pin, p = self.rp2040.gpio[n], &self.pads[n]
            p.driven, p.raw, p.pad, p.ctrl = &pin._driven, &pin._raw_input_value, &pin.pad_value, &pin.ctrl
        self._reach_block(&self.blocks[0], self.pio0)
        self._reach_block(&self.blocks[1], self.pio1)

    cdef void _reach_block(self, block *k, RPPIO pio):
        cdef StateMachine one
        cdef machine *m
        k.program, k.values, k.directions = &pio.program[0], &pio.pin_values, &pio.pin_directions
        k.old_values, k.old_directions, k.stopped = &pio.old_pin_values, &pio.old_pin_directions, &pio.stopped
        k.at, k.due, k.drops, k.pads = &pio.cycle_fp, &pio.next_due_fp, &pio.backlog_drops, &self.pads[0]
        k.pins = len(self.rp2040.gpio)
        for n in range(4):
            one, m = pio.machines[n], &k.machine[n]
            m.enabled, m.waiting, m.exec_valid, m.pc, m.x, m.y = &one.enabled, &one.waiting, &one.exec_valid, &one.pc, &one.x, &one.y
            m.in_, m.in_count, m.out = &one.input_shift_reg, &one.input_shift_count, &one.output_shift_reg
            m.out_count, m.exec_ctrl, m.shift_ctrl = &one.output_shift_count, &one.exec_ctrl, &one.shift_ctrl
            m.pin_ctrl, m.cycles, m.due, m.div = &one.pin_ctrl, &one.cycles, &one.next_due_fp, &one.div_fp

    # -- the hardware divider is the burst's; the rest of the SIO is rp2040py's --

    def read_sio(self, offset):
        cdef unsigned int value
        return value if divider_read(&self.plain.div, offset, &value) else self.others[0](offset)

    def write_sio(self, offset, value):
        if not divider_write(&self.plain.div, self.plain.cycles, offset, value & 0xFFFFFFFF):
            self.others[1](offset, value)

    def reset_sio(self):
        self.plain.div = divider(0, 1, 0, 0, 0)
        self.others[2]()

    def read_timer(self, unsigned int offset):
        """The running count, which is read all the time; all else is rp2040py's."""
        cdef unsigned long long micros
        if offset == TIMEHR:
            return self.timer._latched_time_high
        if offset != TIMELR and offset != TIMERAWL:
            return self.timers_own(offset)
        micros = <unsigned long long>((self.clock._nanos_counter - <double>self.timer._epoch_nanos) / 1000)
        if offset == TIMELR:
            self.timer._latched_time_high = micros >> 32
        return <unsigned int>(micros & 0xFFFFFFFFU)

    def one(self):
        """A single plain instruction, without the clock; its cycles, or 0 if it is none."""
        return one(&self.plain)

    def machines_make(self, long long cycles):
        """PIO goes on by so many cycles, without the processor; False, and nothing is done, if rp2040py has to make a step."""
        cdef int n
        for n in range(2):
            block_begin(&self.blocks[n])
        if not blocks_make(&self.blocks[0], cycles):
            return False
        for n in range(2):
            if not self.blocks[n].stopped[0]:
                self.blocks[n].at[0] += cycles << 8
        return True

    cdef int _burst(self):
        cdef double alarm = 1e300 if self.clock._next_alarm is None else self.clock._next_alarm.nanos
        return run_burst(&self.plain, &self.blocks[0], &self.clock._nanos_counter, alarm)

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
                cycles = 0 if core.interrupts_updated else self._burst()
                if not cycles:
                    cycles = core.execute_instruction()
                clock.tick(cycles * CYCLE_NANOS)
            if not pio0.stopped:
                pio0.advance(cycles)
            if not pio1.stopped:
                pio1.advance(cycles)

    def idle(self, double until_nanos, int cycles):
        """The processor stands still until then; all else goes on, so many cycles at a time."""
        while self.clock._nanos_counter < until_nanos:
            self.clock.tick(cycles * CYCLE_NANOS)
            if not self.pio0.stopped:
                self.pio0.advance(cycles)
            if not self.pio1.stopped:
                self.pio1.advance(cycles)
