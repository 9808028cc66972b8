# The compiled tick as a module of MicroPython's. Its code is in RAM as a whole (tick.c says so).
add_library(usermod_tick INTERFACE)
target_sources(usermod_tick INTERFACE ${MICROPY_BOARD_DIR}/tick.c ${MICROPY_BOARD_DIR}/tick_code.c)
target_link_libraries(usermod INTERFACE usermod_tick)
