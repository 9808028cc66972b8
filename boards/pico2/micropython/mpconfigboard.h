// stackpress on a Raspberry Pi Pico 2: 4 MB of flash, the upper 3072 kB hold documents.
#define MICROPY_HW_BOARD_NAME                   "stackpress pico2"
#define MICROPY_HW_FLASH_STORAGE_BYTES          (3072 * 1024)
#include "quick.h"
