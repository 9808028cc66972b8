// What the processor does when it can't go on (ARMv6-M B1.5.6, ARMv8-M B3.9): keep its registers where no start clears them, and
// restart at once. A restart lets go of every pin, so the carrier's pulls make the outputs safe; nothing is tried that could fail again.
#include <stdint.h>
#include "py/mpconfig.h"
#ifndef NO_QSTR
#include "hardware/structs/watchdog.h"
#include "hardware/watchdog.h"
#include "pico/platform.h"
#endif

#define MAGIC 0x4B524B46 // drivers/last_words.py reads it
#define NOTE_CRASHED 0x43525348 // drivers/rp2_board.py

uint32_t __uninitialized_ram(press_fault)[10]; // MAGIC; r0 r1 r2 r3 r12 lr pc xpsr as the processor stacked them; where it did

void press_hard_fault(const uint32_t *stacked) {
    for (int i = 0; i < 8; i++) {
        press_fault[1 + i] = stacked[i];
    }
    press_fault[9] = (uint32_t)stacked;
    press_fault[0] = MAGIC;
    watchdog_hw->scratch[0] = NOTE_CRASHED;
    watchdog_reboot(0, 0, 0);
    for (;;) {
    }
}

// Which stack it used stands in bit 2 of LR.
void __attribute__((naked)) isr_hardfault(void) {
    __asm volatile (
        ".syntax unified\n"
        "mov r0, lr\n"
        "lsls r0, r0, #29\n"
        "bmi 1f\n"
        "mrs r0, msp\n"
        "b 2f\n"
        "1: mrs r0, psp\n"
        "2: bl press_hard_fault\n");
}
