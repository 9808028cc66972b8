from rp2040py.native._simulation_clock cimport SimulationClock


cdef class Edges:
    cdef object _pin
    cdef SimulationClock _clock
    cdef public int level
    cdef int _driven, _held
    cdef long long _kept, _count
    cdef list _watchers
    cdef double[:] _ns
    cdef unsigned char[:] _levels
    cdef Shifter _shifter

    cpdef changed(self, int state)
    cpdef drive(self, int level)
    cpdef remember(self, int level)


cdef class Shifter:
    cdef Edges _data
    cdef Edges _wire
    cdef int _width, _told_at
    cdef object _reached
    cdef public bint selected, silent
    cdef public int bits
    cdef public unsigned long long taken
    cdef bytes _out

    cpdef shift(self, int level)
