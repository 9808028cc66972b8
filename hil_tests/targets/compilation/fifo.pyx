# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""A state machine's FIFO (rp2040py.utils.fifo) with what is asked about it all the time as fields."""


cdef class FIFO:
    def __init__(self, unsigned int size):
        self._size, self._first = size, 0
        self._told(0)

    cdef void _told(self, unsigned int count):
        self.item_count, self.empty, self.full = count, count == 0, count == self._size

    cpdef push(self, unsigned int value):
        if not self.full:
            self._words[(self._first + self.item_count) % self._size] = value
            self._told(self.item_count + 1)

    cpdef unsigned int pull(self) except? 0:
        cdef unsigned int at = self._first
        if self.empty:
            return 0
        self._first = (at + 1) % self._size
        self._told(self.item_count - 1)
        return self._words[at]

    cpdef reset(self):
        self._told(0)

    @property
    def items(self):
        return [self._words[(self._first + n) % self._size] for n in range(self.item_count)]
