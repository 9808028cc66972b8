// What usb_wire.c does with bytes and knows no chip for: records of the log (stackpress_core/log/sectors.py) and rows of numbers
// (stackpress_core/scpi/outbox.py). Python says the same there, and firmware/tests/test_wire_parts.py that both do.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_BYTES 10
#define CRC_BYTES 4
#define PAYLOAD_MAX 250

// CRC-32 as zlib has it, four bits at a time.
static uint32_t crc32_of(const uint8_t *data, size_t n) {
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    uint32_t crc = 0xFFFFFFFF;
    while (n--) {
        crc ^= *data++;
        crc = table[crc & 15] ^ crc >> 4;
        crc = table[crc & 15] ^ crc >> 4;
    }
    return ~crc;
}

// Bytes of the whole records at the beginning of `room` bytes; where the last one begins.
static size_t whole_records(const uint8_t *data, size_t room, size_t *last_begins) {
    size_t at = 0, last = 0;
    while (at + HEAD_BYTES + CRC_BYTES <= room) {
        const uint8_t *record = data + at;
        size_t n = record[1] + HEAD_BYTES;
        if (record[1] > PAYLOAD_MAX || at + n + CRC_BYTES > room) {
            break;
        }
        uint32_t crc = record[n] | record[n + 1] << 8 | record[n + 2] << 16 | (uint32_t)record[n + 3] << 24;
        if (crc != crc32_of(record, n)) {
            break;
        }
        last = at;
        at += n + CRC_BYTES;
    }
    *last_begins = last;
    return at;
}

static bool is_erased(const uint8_t *data, size_t n) {
    while (n && *data == 0xFF) {
        data++;
        n--;
    }
    return n == 0;
}

#define NUMBER_MOST 12
enum { NEXT_ROW, ROWS_END, ROWS_ROUND, ROW_WIDTH, ROW_ROOM };

// ",<value>" into a ring, -2^30 .. 2^30-1; where it ends. By subtraction: a division takes an RP2040 longer.
static uint32_t put_number(uint8_t *ring, uint32_t mask, uint32_t at, int32_t value) {
    static const uint32_t powers[10] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };
    ring[at++ & mask] = ',';
    if (value < 0) {
        ring[at++ & mask] = '-';
        value = -value;
    }
    uint32_t left = value;
    int n = 9;
    while (n > 0 && left < powers[n]) {
        n--;
    }
    for (; n >= 0; n--) {
        uint32_t power = powers[n];
        uint8_t digit = '0';
        while (left >= power) {
            left -= power;
            digit++;
        }
        ring[at++ & mask] = digit;
    }
    return at;
}

// Whole rows as long as there is room; how many bytes that is.
static uint32_t put_rows(uint8_t *ring, uint32_t mask, uint32_t began, const int32_t *table, int32_t *marks) {
    uint32_t at = began;
    while (marks[NEXT_ROW] < marks[ROWS_END] && marks[ROW_ROOM] - (int32_t)(at - began) >= marks[ROW_WIDTH] * NUMBER_MOST) {
        const int32_t *row = table + marks[NEXT_ROW] % marks[ROWS_ROUND] * marks[ROW_WIDTH];
        for (int i = 0; i < marks[ROW_WIDTH]; i++) {
            at = put_number(ring, mask, at, row[i]);
        }
        marks[NEXT_ROW]++;
    }
    return at - began;
}
