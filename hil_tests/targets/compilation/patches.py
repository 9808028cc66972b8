"""What is changed in rp2040py's own Cython sources before they are compiled for this machine: (file, what stands there, instead).

Each row makes a call or an attribute that went through Python's object protocol, once an instruction or once a PIO step, go
through C. None changes what is computed. A text that does not stand there exactly once stops the build: then the emulator runs
as it was installed, only slower.
"""

PROPERTIES = {  # of a PIO state machine, all of them bit fields
    "sideset_count": "((self.pin_ctrl >> 29) & 0x7)",
    "set_count": "((self.pin_ctrl >> 26) & 0x7)",
    "out_count": "((self.pin_ctrl >> 20) & 0x3F)",
    "in_base": "((self.pin_ctrl >> 15) & 0x1F)",
    "sideset_base": "((self.pin_ctrl >> 10) & 0x1F)",
    "set_base": "((self.pin_ctrl >> 5) & 0x1F)",
    "out_base": "(self.pin_ctrl & 0x1F)",
    "jmp_pin": "((self.exec_ctrl >> 24) & 0x1F)",
    "wrap_top": "((self.exec_ctrl >> 12) & 0x1F)",
    "wrap_bottom": "((self.exec_ctrl >> 7) & 0x1F)",
}
REGISTER = r"^(\w+) = (0x[0-9A-Fa-f]+)"  # name and number of one of PIO's (rp2040py.peripherals.pio_registers)
IN_PYTHON = (*(f"peripherals/{name}.py" for name in ("dma", "i2c", "peripheral", "spi", "timer", "watchdog")),
             "sio.py", "utils/fifo.py")  # what rp2040py has in Python alone and a press uses all the time: compiled as it stands
NOW = "self._clock.nanos", "self._clock._nanos_counter"  # in our own edges.py: the field behind the property
MACHINES = r"self\.machines\[(\d)\]", r"(<StateMachine>self.machines[\1])"

CONDITION = """    cpdef bint check_condition(self, unsigned int cond):
        cdef unsigned int c = cond
"""
LEVEL = """    cdef bint level(self):
        return _apply_override_c(self._eff_raw_input() and bool(self.pad_value & 0x40), (self.ctrl >> 16) & 0x3)

"""
PINS = "(self, unsigned int value, unsigned int first_pin, unsigned int count)\n"
AT_PAD = "            if (<Pad>gpio[gpio_index]).level():\n"
AT_JUMP = "            return (<GPIOPin>gpio[jmp_pin]).level() if jmp_pin < len(gpio) else False\n"
JUMP = "            jmp_pin = "
BLOCK = "    cdef unsigned int raw_status(self)\n    cpdef check_interrupts(self)\n    cpdef irq_updated(self)\n"
CORE, PIN = "from rp2040py.native._cortex_m0_core cimport", "from rp2040py.native._gpio_pin cimport GPIOPin"

INTERRUPTS = """    def check_interrupts(self):
        cdef unsigned int first_irq = self.first_irq
        self.rp2040.set_interrupt(first_irq, bool(self.irq0_int_status))
        self.rp2040.set_interrupt(first_irq + 1, bool(self.irq1_int_status))
"""
INTERRUPTS_IN_C = """    cpdef check_interrupts(self):
        cdef unsigned int raw = self.raw_status()
        cdef CortexM0Core core = (<RP2040>self.rp2040).core
        core.set_interrupt(self.first_irq, ((raw & self.irq0_int_enable) | self.irq0_int_force) != 0)
        core.set_interrupt(self.first_irq + 1, ((raw & self.irq1_int_enable) | self.irq1_int_force) != 0)
"""
RAW = """    @property
    def int_raw(self):
        return (
            ((self.irq"""
RAW_IN_C = """    @property
    def int_raw(self):
        return self.raw_status()

    cdef unsigned int raw_status(self):
        return (
            ((self.irq"""
ALL_PINS = """        cdef unsigned int gpio_index
        for gpio_index in range(len(self.gpio)):
"""
ALL_PINS_IN_C = """        cdef unsigned int gpio_index
        cdef list gpio = self.gpio
        for gpio_index in range(<unsigned int>len(gpio)):
"""
FIND = """    def find_peripheral(self, address):
        return self.peripherals.get((u32(address) >> 14) << 2)
"""
FIND_IN_C = """    cpdef find_peripheral(self, long long address):
        if self.known is None:
            self.known = self.peripherals
        return self.known.get(((<unsigned int>address) >> 14) << 2)
"""
FIFO = "from rp2040py.native._fifo cimport FIFO"
OTHERS = "from rp2040py.native._cortex_m0_core cimport CortexM0Core\nfrom rp2040py.native._rp2040 cimport RP2040"

PADS = "from rp2040py.native._pads cimport"
# A pin's first Edges (hil_tests/devices/edges.py) is told of a change in C, before the other listeners.
EDGES = "from hil_tests.devices.edges cimport"
CHANGED = "            value = _STATES[s]\n"
TOLD = """            if self.edges is not None:
                self.edges.changed(s)
            if not self._listeners:
                return
"""
LISTENS = "        self._listeners.add(callback)\n"
FIRST = """        if self.edges is None and type(callback) is Edges:
            self.edges = callback
            return self.forget_edges
"""
FORGET = """    def forget_edges(self):
        self.edges = None

"""
WAITS = "    cdef public bint waiting\n    cdef public unsigned int wait_type\n    cdef public unsigned int wait_index\n"
OUT_PINS = "    cdef public unsigned int pin_values\n    cdef public unsigned int pin_directions\n"
IRQ_LEVEL = """    cdef bint irq_level(self):
        return _apply_override_c(((self.irq_status & self.irq_enable_mask) | self.irq_force_mask) != 0, (self.ctrl >> 28) & 0x3)

    cdef list blocks(self):
        if self.pios is None:
            self.pios = self.rp2040.pio
        return self.pios

"""
WAITING = """        for pio in self.rp2040.pio:
            for machine in pio.machines:
                if (
                    machine.enabled
                    and machine.waiting
                    and machine.wait_type == WaitType.PIN
                    and machine.wait_index == self.index
                ):
                    machine.check_wait()
"""
WAITING_IN_C = """        for pio in self.blocks():
            for machine in (<Pads>pio).machines:
                waiter = <Waiter>machine
                # wait_type 1 is WaitType.PIN
                if waiter.enabled and waiter.waiting and waiter.wait_type == 1 and waiter.wait_index == self.index:
                    machine.check_wait()
"""
PROGRAM = "    cdef public list instructions\n"
WRITTEN = "            self.instructions[(offset - INSTR_MEM0) >> 2] = value & 0xFFFF\n"
FORGOTTEN = "            machine.reset()\n        self.instructions = [0] * 32\n"
MACHINE = "        cdef StateMachine machine\n"
EACH, EACH_IN_C = ("        for machine in self.machines:\n", "        for index in range(4):\n"
                   "            machine = <StateMachine>PyList_GET_ITEM(self.machines, index)\n")
DUE = "        cdef long long next_due_fp = NEVER_DUE\n" + MACHINE
RUN = "        cdef long long cycle_fp = self.cycle_fp\n" + MACHINE
# A FIFO tells the DMA only what is new: nobody else tells of the same request.
ASKED = """        if self.told_{0} == self.{0}_fifo.{1}:
            return
        self.told_{0} = self.{0}_fifo.{1}
        if self.{0}_fifo.{1}:
            self.rp2040.dma.clear"""
IN_PINS = "            source_value = self.in_source_value(arg >> 5)\n"
FEW_PINS = """    cdef unsigned int few_pins(self, unsigned int count) except? 0xFFFFFFFF:
        \"\"\"As many pins as are taken in; the others are masked away.\"\"\"
        cdef unsigned int result = 0, n, at
        for n in range(count):
            at = (self.in_base + n) % 32
            if at < <unsigned int>len(self.pins) and (<GPIOPin>self.pins[at]).level():
                result |= (<unsigned int>1) << n
        return result

"""
SOURCE = "    cdef unsigned int in_source_value(self, unsigned int source) except? 0xFFFFFFFF:\n"

MENDS = [
    ("_cortex_m0_core.pxd", "    cpdef reset(self)\n",
     "    cpdef reset(self)\n    cpdef bint check_condition(self, unsigned int cond)\n"),
    ("_cortex_m0_core.pyx", "    def check_condition(self, cond) -> bool:\n        cdef unsigned int c = <unsigned int> cond\n",
     CONDITION),
    ("_gpio_pin.pxd", "    cdef bint _eff_raw_input(self)\n", "    cdef bint _eff_raw_input(self)\n    cdef bint level(self)\n"),
    ("_gpio_pin.pyx", "    cdef int _state_code(self):\n", LEVEL + IRQ_LEVEL + "    cdef int _state_code(self):\n"),
    ("_gpio_pin.pxd", "cdef class GPIOPin:\n",
     f"{EDGES} Edges\n\n\ncdef class GPIOPin:\n    cdef list pios\n    cdef Edges edges\n\n"
     "    cdef bint irq_level(self)\n    cdef list blocks(self)\n"
     "    cpdef set_input_value(self, value)\n    cpdef _apply_input_value(self, value)\n\n"),
    ("_gpio_pin.pyx", "import logging\n", f"import logging\n\n{EDGES} Edges\n{PADS} Pads, Waiter\n"),
    ("_gpio_pin.pyx", CHANGED, TOLD + CHANGED),
    ("_gpio_pin.pyx", LISTENS, FIRST + LISTENS),
    ("_gpio_pin.pyx", "    def add_listener(", FORGET + "    def add_listener("),
    ("_gpio_pin.pyx", "    def set_input_value(", "    cpdef set_input_value("),
    ("_gpio_pin.pyx", "    def _apply_input_value(self, value):\n",
     "    cpdef _apply_input_value(self, value):\n        cdef Waiter waiter\n"),
    ("_gpio_pin.pyx", "        prev_irq_value = self.irq_value\n", "        cdef bint prev_irq_value = self.irq_level()\n"),
    ("_gpio_pin.pyx", "        if self.irq_value != prev_irq_value:\n", "        if self.irq_level() != prev_irq_value:\n"),
    ("_gpio_pin.pyx", WAITING, WAITING_IN_C),
    *((
        "_gpio_pin.pyx", f"            return (<unsigned int>rp.pio[{n}].{name}) & bitmask\n",
        f"            return (<Pads>self.blocks()[{n}]).{name} & bitmask\n",
    ) for n in (0, 1) for name in ("pin_values", "pin_directions")),
    ("_simulation_clock.pxd", "cdef class ClockAlarm:\n    cdef object _clock\n",
     "cdef class SimulationClock\n\n\ncdef class ClockAlarm:\n    cdef SimulationClock _clock\n"),
    ("_rp2040.pxd", "    cdef dict __dict__\n", "    cdef dict __dict__\n    cdef dict known\n"),
    ("_rp2040.pxd", "    cpdef unsigned int read_uint16(self",
     "    cpdef find_peripheral(self, long long address)\n    cpdef unsigned int read_uint16(self"),
    ("_rp2040.pyx", FIND, FIND_IN_C),
    ("_rp2040.pyx", CORE, f"{PIN} as Pad\n{CORE}"),
    ("_rp2040.pyx", ALL_PINS + "            if self.gpio[gpio_index].input_value:\n", ALL_PINS_IN_C + AT_PAD),
    ("_pio.pxd", "    cpdef step(self)\n",
     f"    cpdef step(self)\n    cpdef pin_values_changed{PINS}    cpdef pin_directions_changed{PINS}"),
    ("_pio.pxd", "    cdef public object rp2040\n", "    cdef public object rp2040\n    cdef list pins\n"),
    ("_pio.pyx", "            gpio = self.rp2040.gpio\n",
     "            if self.pins is None:\n                self.pins = self.rp2040.gpio\n            gpio = self.pins\n"),
    ("_pio.pyx", "    def read_uint32(self, offset):", "    def read_uint32(self, unsigned int offset):"),
    ("_pio.pyx", "    def write_uint32(self, offset, value):", "    def write_uint32(self, unsigned int offset, value):"),
    ("_pio.pyx", "    def pin_values_changed(self,", "    cpdef pin_values_changed(self,"),
    ("_pio.pyx", "    def pin_directions_changed(self,", "    cpdef pin_directions_changed(self,"),
    ("_pio.pxd", "    cdef _run_due(self)\n", f"    cdef _run_due(self)\n{BLOCK}"),
    ("_pio.pyx", INTERRUPTS, INTERRUPTS_IN_C),
    ("_pio.pyx", RAW, RAW_IN_C),
    ("_pio.pxd", PROGRAM, PROGRAM + "    cdef unsigned int program[32]\n"),
    ("_pio.pyx", WRITTEN, WRITTEN.replace("instructions", "program") + WRITTEN),
    ("_pio.pyx", FORGOTTEN, FORGOTTEN + "        memset(self.program, 0, sizeof(self.program))\n"),
    ("_pio.pyx", "    def irq_updated(self):", "    cpdef irq_updated(self):"),
    ("_pio.pyx", "from rp2040py.native._gpio_pin cimport GPIOPin\n", f"from rp2040py.native._gpio_pin cimport GPIOPin\n{OTHERS}\n"),
    ("_pio.pxd", "cdef class RPPIO:\n", f"{PADS} Pads\n\n\ncdef class RPPIO(Pads):\n"),
    ("_pio.pxd", OUT_PINS, ""),
    ("_pio.pxd", "    cdef public list machines\n", ""),
    ("_pio.pyx", "cdef class RPPIO:\n", "cdef class RPPIO(Pads):\n"),
    ("_pio.pyx", "import asyncio\n",
     f"import asyncio\n\nfrom cpython.list cimport PyList_GET_ITEM\nfrom libc.string cimport memset\n\n{PADS} Pads\n"),
    ("_pio.pyx", DUE + EACH, DUE + "        cdef int index\n" + EACH_IN_C),
    ("_pio.pyx", RUN + EACH, RUN + "        cdef int index\n" + EACH_IN_C),
    ("_state_machine.pxd", "cdef class StateMachine:\n",
     f"from rp2040py.native._pio cimport RPPIO\n{FIFO}\n{PADS} Waiter\n\n\ncdef class StateMachine(Waiter):\n"),
    ("_state_machine.pxd", "    cdef public bint enabled\n", ""),
    ("_state_machine.pxd", WAITS, ""),
    ("_state_machine.pxd", "    cdef public unsigned int index\n",
     "    cdef public unsigned int index\n    cdef int told_rx, told_tx\n"),
    ("_state_machine.pyx", "        self.index = index\n", "        self.index, self.told_rx, self.told_tx = index, -1, -1\n"),
    ("_state_machine.pyx", "        if self.tx_fifo.full:\n            self.rp2040.dma.clear", ASKED.format("tx", "full")),
    ("_state_machine.pyx", "        if self.rx_fifo.empty:\n            self.rp2040.dma.clear", ASKED.format("rx", "empty")),
    ("_state_machine.pxd", "    cdef bint jmp_condition(",
     "    cdef unsigned int few_pins(self, unsigned int count) except? 0xFFFFFFFF\n    cdef bint jmp_condition("),
    ("_state_machine.pyx", SOURCE, FEW_PINS + SOURCE),
    ("_state_machine.pyx", IN_PINS,
     IN_PINS.replace("self.in", "self.few_pins(bit_count) if bit_count and arg < 32 else self.in")),
    ("_state_machine.pxd", "    cdef public object pio\n", "    cdef public RPPIO pio\n    cdef list pins\n"),
    ("_state_machine.pyx", "        self.rp2040 = rp2040\n", "        self.rp2040, self.pins = rp2040, rp2040.gpio\n"),
    ("_state_machine.pyx", f"            gpio = self.rp2040.gpio\n{JUMP}", f"            gpio = self.pins\n{JUMP}"),
    ("_state_machine.pxd", "    cdef public object rx_fifo\n    cdef public object tx_fifo\n",
     "    cdef public FIFO rx_fifo\n    cdef public FIFO tx_fifo\n"),
    ("_state_machine.pyx", "        from rp2040py.utils.fifo import FIFO\n", ""),
    ("_state_machine.pyx", "cdef class StateMachine:\n", f"{PIN}\n{PADS} Waiter\n\n\ncdef class StateMachine(Waiter):\n"),
    ("_state_machine.pyx", "            return gpio[jmp_pin].input_value if jmp_pin < len(gpio) else False\n", AT_JUMP),
    ("_state_machine.pyx", "gpio[self.wait_index].input_value == self.wait_polarity",
     "(<GPIOPin>gpio[self.wait_index]).level() == self.wait_polarity"),
]  # fmt: skip
