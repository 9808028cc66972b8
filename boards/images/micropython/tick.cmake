# What is C in an image, as modules of MicroPython's: the compiled tick, whose code is in RAM as a whole (tick.c says so), the port,
# what a hard fault leaves, and what picotool tells of the image (about.c, which says the program's name instead of MicroPython).
add_library(usermod_tick INTERFACE)
target_sources(usermod_tick INTERFACE ${MICROPY_BOARD_DIR}/tick.c ${MICROPY_BOARD_DIR}/tick_code.c ${MICROPY_BOARD_DIR}/usb_wire.c
  ${MICROPY_BOARD_DIR}/hard_fault.c ${MICROPY_BOARD_DIR}/about.c)
target_compile_definitions(usermod_tick INTERFACE PICO_NO_BI_PROGRAM_NAME=1
  # RAM that is kept for more than there is: endpoints 0 - 2 of 16, half of 16 timers
  USB_MAX_ENDPOINTS=3 PICO_TIME_DEFAULT_ALARM_POOL_MAX_TIMERS=8)
target_link_libraries(usermod INTERFACE usermod_tick)
