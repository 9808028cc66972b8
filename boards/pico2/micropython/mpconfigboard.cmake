# The reference carrier with a Raspberry Pi Pico 2. The C heap is used by nothing in this image: it is where the flight recorder
# lies, so that the collector does not scan it.
set(PICO_BOARD "pico2")
set(PICO_PLATFORM "rp2350-arm-s")
set(MICROPY_C_HEAP_SIZE 84072)
include(${CMAKE_CURRENT_LIST_DIR}/quick.cmake)
