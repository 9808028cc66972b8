// Where heap and stack end, if otherwise than in the linker script (boards/images/board_data.py).
#include "memory_map.h"

// One core and one thread: no locks in the collector and in the interpreter. And the interpreter remembers, in 1 kB, where it found
// more of the names that it looked up last. Together a pass of the foreground takes a quarter less.
#define MICROPY_PY_THREAD                       (0)
#define MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE       (1024)

// The serial port is ours (usb_wire.c). TinyUSB's queue holds one packet: so the host is held back by whoever does not fetch it.
#define MICROPY_EXCLUDE_SHARED_TINYUSB_USBD_CDC (1)
#define MICROPY_HW_ENABLE_USB_RUNTIME_DEVICE    (0)
#define CFG_TUD_CDC_RX_BUFSIZE                  (64)

// What the prompt's queue holds: as much as the prompt of mpremote sends before it waits.
#define MICROPY_HW_STDIN_BUFFER_LEN             (256)
