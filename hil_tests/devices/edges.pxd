cdef class Edges:
    cdef object _clock
    cdef int _level
    cdef long long _kept, _count
    cdef list _watchers
    cdef double[:] _ns
    cdef unsigned char[:] _levels

    cpdef remember(self, int level)
