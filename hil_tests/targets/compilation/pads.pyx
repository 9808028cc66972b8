# cython: language_level=3
"""What a pin has to know of PIO at each edge, as fields: whether a state machine waits for it, and what a block puts out.

A pin can't import the classes themselves: they import the pin's.
"""


cdef class Waiter:
    """A state machine."""


cdef class Pads:
    """A block of them."""
