cdef class Waiter:
    cdef public bint enabled
    cdef public bint waiting
    cdef public unsigned int wait_type
    cdef public unsigned int wait_index


cdef class Pads:
    cdef public unsigned int pin_values
    cdef public unsigned int pin_directions
    cdef public list machines
