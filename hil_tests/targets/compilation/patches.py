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
FIFO = "from rp2040py.native._fifo cimport FIFO"
OTHERS = "from rp2040py.native._cortex_m0_core cimport CortexM0Core\nfrom rp2040py.native._rp2040 cimport RP2040"

MENDS = [
    ("_cortex_m0_core.pxd", "    cpdef reset(self)\n",
     "    cpdef reset(self)\n    cpdef bint check_condition(self, unsigned int cond)\n"),
    ("_cortex_m0_core.pyx", "    def check_condition(self, cond) -> bool:\n        cdef unsigned int c = <unsigned int> cond\n",
     CONDITION),
    ("_gpio_pin.pxd", "    cdef bint _eff_raw_input(self)\n", "    cdef bint _eff_raw_input(self)\n    cdef bint level(self)\n"),
    ("_gpio_pin.pyx", "    cdef int _state_code(self):\n", LEVEL + "    cdef int _state_code(self):\n"),
    ("_rp2040.pyx", CORE, f"{PIN} as Pad\n{CORE}"),
    ("_rp2040.pyx", ALL_PINS + "            if self.gpio[gpio_index].input_value:\n", ALL_PINS_IN_C + AT_PAD),
    ("_pio.pxd", "    cpdef step(self)\n",
     f"    cpdef step(self)\n    cpdef pin_values_changed{PINS}    cpdef pin_directions_changed{PINS}"),
    ("_pio.pyx", "    def pin_values_changed(self,", "    cpdef pin_values_changed(self,"),
    ("_pio.pyx", "    def pin_directions_changed(self,", "    cpdef pin_directions_changed(self,"),
    ("_pio.pxd", "    cdef _run_due(self)\n", f"    cdef _run_due(self)\n{BLOCK}"),
    ("_pio.pyx", INTERRUPTS, INTERRUPTS_IN_C),
    ("_pio.pyx", RAW, RAW_IN_C),
    ("_pio.pyx", "    def irq_updated(self):", "    cpdef irq_updated(self):"),
    ("_pio.pyx", "from rp2040py.native._gpio_pin cimport GPIOPin\n", f"from rp2040py.native._gpio_pin cimport GPIOPin\n{OTHERS}\n"),
    ("_state_machine.pxd", "cdef class StateMachine:\n",
     f"from rp2040py.native._pio cimport RPPIO\n{FIFO}\n\n\ncdef class StateMachine:\n"),
    ("_state_machine.pxd", "    cdef public object pio\n", "    cdef public RPPIO pio\n    cdef list pins\n"),
    ("_state_machine.pyx", "        self.rp2040 = rp2040\n", "        self.rp2040, self.pins = rp2040, rp2040.gpio\n"),
    ("_state_machine.pyx", f"            gpio = self.rp2040.gpio\n{JUMP}", f"            gpio = self.pins\n{JUMP}"),
    ("_state_machine.pxd", "    cdef public object rx_fifo\n    cdef public object tx_fifo\n",
     "    cdef public FIFO rx_fifo\n    cdef public FIFO tx_fifo\n"),
    ("_state_machine.pyx", "        from rp2040py.utils.fifo import FIFO\n", ""),
    ("_state_machine.pyx", "cdef class StateMachine:\n", f"{PIN}\n\n\ncdef class StateMachine:\n"),
    ("_state_machine.pyx", "            return gpio[jmp_pin].input_value if jmp_pin < len(gpio) else False\n", AT_JUMP),
    ("_state_machine.pyx", "gpio[self.wait_index].input_value == self.wait_polarity",
     "(<GPIOPin>gpio[self.wait_index]).level() == self.wait_polarity"),
]  # fmt: skip
