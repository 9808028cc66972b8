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

CONDITION = """    cpdef bint check_condition(self, unsigned int cond):
        cdef unsigned int c = cond
"""
LEVEL = """    cdef bint level(self):
        return _apply_override_c(self._eff_raw_input() and bool(self.pad_value & 0x40), (self.ctrl >> 16) & 0x3)

"""
PINS = "(self, unsigned int value, unsigned int first_pin, unsigned int count)\n"
AT_PAD = "            if (<Pad>self.gpio[gpio_index]).level():\n"
AT_JUMP = "            return (<GPIOPin>gpio[jmp_pin]).level() if jmp_pin < len(gpio) else False\n"
CORE, PIN = "from rp2040py.native._cortex_m0_core cimport", "from rp2040py.native._gpio_pin cimport GPIOPin"

MENDS = [
    ("_cortex_m0_core.pxd", "    cpdef reset(self)\n",
     "    cpdef reset(self)\n    cpdef bint check_condition(self, unsigned int cond)\n"),
    ("_cortex_m0_core.pyx", "    def check_condition(self, cond) -> bool:\n        cdef unsigned int c = <unsigned int> cond\n",
     CONDITION),
    ("_gpio_pin.pxd", "    cdef bint _eff_raw_input(self)\n", "    cdef bint _eff_raw_input(self)\n    cdef bint level(self)\n"),
    ("_gpio_pin.pyx", "    cdef int _state_code(self):\n", LEVEL + "    cdef int _state_code(self):\n"),
    ("_rp2040.pyx", CORE, f"{PIN} as Pad\n{CORE}"),
    ("_rp2040.pyx", "            if self.gpio[gpio_index].input_value:\n", AT_PAD),
    ("_pio.pxd", "    cpdef step(self)\n",
     f"    cpdef step(self)\n    cpdef pin_values_changed{PINS}    cpdef pin_directions_changed{PINS}"),
    ("_pio.pyx", "    def pin_values_changed(self,", "    cpdef pin_values_changed(self,"),
    ("_pio.pyx", "    def pin_directions_changed(self,", "    cpdef pin_directions_changed(self,"),
    ("_state_machine.pxd", "cdef class StateMachine:\n",
     "from rp2040py.native._pio cimport RPPIO\n\n\ncdef class StateMachine:\n"),
    ("_state_machine.pxd", "    cdef public object pio\n", "    cdef public RPPIO pio\n"),
    ("_state_machine.pyx", "cdef class StateMachine:\n", f"{PIN}\n\n\ncdef class StateMachine:\n"),
    ("_state_machine.pyx", "            return gpio[jmp_pin].input_value if jmp_pin < len(gpio) else False\n", AT_JUMP),
    ("_state_machine.pyx", "gpio[self.wait_index].input_value == self.wait_polarity",
     "(<GPIOPin>gpio[self.wait_index]).level() == self.wait_polarity"),
]  # fmt: skip
