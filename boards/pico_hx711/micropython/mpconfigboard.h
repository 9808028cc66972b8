// stackpress on a Raspberry Pi Pico with one HX711: 2 MB of flash, the upper 1408 kB hold documents and the journal.
#define MICROPY_HW_BOARD_NAME                   "stackpress pico_hx711"
#define MICROPY_HW_FLASH_STORAGE_BYTES          (1408 * 1024)
#include "quick.h"
