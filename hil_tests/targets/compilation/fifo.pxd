cdef class FIFO:
    cdef unsigned int _words[8]
    cdef unsigned int _size, _first
    cdef public unsigned int item_count
    cdef public bint empty
    cdef public bint full

    cdef void _told(self, unsigned int count)
    cpdef push(self, unsigned int value)
    cpdef unsigned int pull(self) except? 0
    cpdef reset(self)
