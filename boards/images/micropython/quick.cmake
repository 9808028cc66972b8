# The collector and the interpreter's inner parts are compiled for speed, the rest for size: a collection takes a fifth less, and the
# stop byte waits for nothing longer than a collection. 11 kB of flash.
foreach(SOURCE gc runtime objtype qstr bc objfun obj objlist objstr objarray vm map)
    set_source_files_properties(${MICROPY_DIR}/py/${SOURCE}.c PROPERTIES COMPILE_OPTIONS "-O2")
endforeach()
include(${CMAKE_CURRENT_LIST_DIR}/memory_map.cmake)

# the tick: boards/images/tick.py
set(USER_C_MODULES ${MICROPY_BOARD_DIR}/tick.cmake)
set_source_files_properties(${MICROPY_BOARD_DIR}/tick.c PROPERTIES COMPILE_OPTIONS "${TICK_FLAGS}")
