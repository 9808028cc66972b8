// stackpress on a Raspberry Pi Pico: 2 MB of flash, the upper 1408 kB hold documents.
#define MICROPY_HW_BOARD_NAME                   "stackpress pico"
#define MICROPY_HW_FLASH_STORAGE_BYTES          (1408 * 1024)
#include "quick.h"
