# What is C in an image, as modules of MicroPython's: the compiled tick, whose code is in RAM as a whole (tick.c says so), and the port.
add_library(usermod_tick INTERFACE)
target_sources(usermod_tick INTERFACE ${MICROPY_BOARD_DIR}/tick.c ${MICROPY_BOARD_DIR}/tick_code.c ${MICROPY_BOARD_DIR}/usb_wire.c)
target_link_libraries(usermod INTERFACE usermod_tick)
