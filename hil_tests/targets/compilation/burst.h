/* The emulated core's plain instructions, many in a row: those that touch nothing but registers, flags, RAM, flash, ROM and the
 * hardware divider, so that nothing else can happen meanwhile. What an instruction does and costs is rp2040py's
 * (_cortex_m0_core.pyx), quirks included; test_speed.py compares every opcode. Everything else is left to rp2040py. */

#include <stdint.h>
#include <string.h>

#include "machines.h"

#define RAM 0x20000000u
#define RAM_SIZE 0x42000u
#define FLASH 0x10000000u
#define FLASH_SIZE 0x1000000u
#define ROM_SIZE 0x4000u
#define SIO 0xD0000000u
#define UDIVIDEND 0x60u /* RP2040 datasheet 2.3.1.7; then UDIVISOR, SDIVIDEND, SDIVISOR, QUOTIENT, REMAINDER, CSR */
#define CSR 0x78u
#define HANDLER 1

struct divider {
    uint32_t dividend, divisor, quotient, remainder, csr;
};

struct core { /* where rp2040py keeps it */
    uint32_t *r;
    int *n, *z, *c, *v, *mode;
    unsigned long long *cycles;
    unsigned char *ram, *flash, *rom;
    struct divider div;
};

struct burst { /* a copy for the length of a burst: nothing that is stored can change it but here */
    uint32_t r[16];
    int n, z, c, v, mode;
    unsigned long long cycles;
    unsigned char *ram, *flash, *rom;
    struct divider *div;
};

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t get32(const unsigned char *at) { uint32_t v; memcpy(&v, at, 4); return v; }
INLINE uint32_t get16(const unsigned char *at) { uint16_t v; memcpy(&v, at, 2); return v; }
INLINE void put32(unsigned char *at, uint32_t v) { memcpy(at, &v, 4); }
INLINE void put16(unsigned char *at, uint32_t v) { uint16_t w = (uint16_t)v; memcpy(at, &w, 2); }

/* Where `size` bytes lie that can only be read; NULL if they are no memory or not aligned. */
INLINE const unsigned char *readable(const struct burst *b, uint32_t address, uint32_t align, uint32_t size) {
    if (address & (align - 1)) return NULL;
    if (address - RAM <= RAM_SIZE - size) return b->ram + (address - RAM);
    if (address - FLASH <= FLASH_SIZE - size) return b->flash + (address - FLASH);
    if (address <= ROM_SIZE - size) return b->rom + address;
    return NULL;
}

INLINE unsigned char *writeable(const struct burst *b, uint32_t address, uint32_t align, uint32_t size) {
    if (address & (align - 1)) return NULL;
    return address - RAM <= RAM_SIZE - size ? b->ram + (address - RAM) : NULL;
}

static void divide(struct divider *d, int is_signed) {
    if (!d->divisor) {
        d->quotient = d->dividend ? 0xFFFFFFFFu : 1;
        d->remainder = d->dividend;
    } else if (is_signed) {
        int64_t x = (int32_t)d->dividend, y = (int32_t)d->divisor;
        d->quotient = (uint32_t)(x / y);
        d->remainder = (uint32_t)(x % y);
    } else {
        d->quotient = d->dividend / d->divisor;
        d->remainder = d->dividend % d->divisor;
    }
    d->csr = 3;
}

/* The divider's registers; 0 if `offset` in the SIO is none of them. */
static int divider_read(struct divider *d, uint32_t offset, uint32_t *value) {
    switch (offset) {
    case UDIVIDEND: case UDIVIDEND + 8: *value = d->dividend; return 1;
    case UDIVIDEND + 4: case UDIVIDEND + 12: *value = d->divisor; return 1;
    case UDIVIDEND + 16: d->csr &= ~2u; *value = d->quotient; return 1;
    case UDIVIDEND + 20: *value = d->remainder; return 1;
    case CSR: *value = d->csr; return 1;
    }
    return 0;
}

/* A division adds its cycles to the core's. */
static int divider_write(struct divider *d, unsigned long long *cycles, uint32_t offset, uint32_t value) {
    switch (offset) {
    case UDIVIDEND: case UDIVIDEND + 8: d->dividend = value; divide(d, offset != UDIVIDEND); *cycles += 8; return 1;
    case UDIVIDEND + 4: case UDIVIDEND + 12: d->divisor = value; divide(d, offset != UDIVIDEND + 4); *cycles += 8; return 1;
    case UDIVIDEND + 16: d->quotient = value; d->csr = 3; return 1;
    case UDIVIDEND + 20: d->remainder = value; d->csr = 3; return 1;
    }
    return 0;
}

INLINE void nz(struct burst *b, uint32_t result) { b->n = result >> 31; b->z = !result; }

INLINE uint32_t add(struct burst *b, int64_t x, int64_t y) {
    int64_t sum = x + y;
    uint32_t result = (uint32_t)sum;
    nz(b, result);
    b->c = sum != (int64_t)result;
    b->v = (int64_t)(int32_t)result != (int64_t)(int32_t)x + (int64_t)(int32_t)y;
    return result;
}

INLINE uint32_t subtract(struct burst *b, int64_t x, int64_t y) {
    uint32_t result = (uint32_t)(x - y), p = (uint32_t)x, q = (uint32_t)y;
    nz(b, result);
    b->c = x >= y;
    b->v = ((p ^ q) & (p ^ result)) >> 31;
    return result;
}

INLINE int holds(const struct burst *b, uint32_t condition) {
    int is = 0;
    switch (condition >> 1) {
    case 0: is = b->z; break;
    case 1: is = b->c; break;
    case 2: is = b->n; break;
    case 3: is = b->v; break;
    case 4: is = b->c && !b->z; break;
    case 5: is = b->n == b->v; break;
    case 6: is = b->n == b->v && !b->z; break;
    case 7: is = 1; break;
    }
    return (condition & 1) && condition != 15 ? !is : is;
}

INLINE int load(struct burst *b, uint32_t to, uint32_t address, uint32_t size, int sign) {
    const unsigned char *at = readable(b, address, size, size);
    if (!at) {
        uint32_t value;
        if (size != 4 || address - SIO > CSR || !divider_read(b->div, address - SIO, &value)) return 0;
        b->r[to] = value;
        return 1;
    }
    if (size == 4) b->r[to] = get32(at);
    else if (size == 2) b->r[to] = sign ? (uint32_t)(int16_t)get16(at) : get16(at);
    else b->r[to] = sign ? (uint32_t)(int8_t)*at : *at;
    return 2;
}

INLINE int store(struct burst *b, uint32_t from, uint32_t address, uint32_t size) {
    unsigned char *at = writeable(b, address, size, size);
    if (!at) return size == 4 && address - SIO <= CSR && divider_write(b->div, &b->cycles, address - SIO, b->r[from]) ? 1 : 0;
    if (size == 4) put32(at, b->r[from]);
    else if (size == 2) put16(at, b->r[from]);
    else *at = (unsigned char)b->r[from];
    return 2;
}

/* Registers of `list`, the lowest first, from `address` on; how many, or -1 if they do not all lie in memory. */
INLINE int load_many(struct burst *b, uint32_t list, uint32_t address) {
    uint32_t count = (uint32_t)__builtin_popcount(list), i;
    const unsigned char *at = count ? readable(b, address, 4, 4 * count) : b->ram;
    if (!at) return -1;
    for (i = 0; i < 8; i++)
        if (list >> i & 1) { b->r[i] = get32(at); at += 4; }
    return (int)count;
}

INLINE int store_many(struct burst *b, uint32_t list, uint32_t address, int link) {
    uint32_t count = (uint32_t)__builtin_popcount(list), i;
    unsigned char *at = count + (uint32_t)link ? writeable(b, address, 4, 4 * (count + (uint32_t)link)) : b->ram;
    if (!at) return -1;
    for (i = 0; i < 8; i++)
        if (list >> i & 1) { put32(at, b->r[i]); at += 4; }
    if (link) put32(at, b->r[14]);
    return (int)count;
}

/* The data processing instructions of 0x4000 - 0x43FF; 0: left to rp2040py. */
INLINE int processed(struct burst *b, uint32_t op) {
    uint32_t *r = b->r, d = op & 7, m = r[op >> 3 & 7], value = r[d], count = m & 0xFF, result;
    switch (op >> 6 & 15) {
    case 0: result = value & m; break;
    case 1: result = value ^ m; break;
    case 2:
        result = count >= 32 ? 0 : value << count;
        if (count) b->c = (value >> ((32 - count) & 31)) & 1;
        break;
    case 3:
        result = count < 32 ? value >> count : 0;
        b->c = count <= 32 ? (value >> ((count - 1) & 31)) & 1 : 0;
        break;
    case 4:
        if (count > 32) count = 32;
        result = count < 32 ? (uint32_t)((int32_t)value >> count) : (value >> 31 ? 0xFFFFFFFFu : 0);
        b->c = (value >> ((count - 1) & 31)) & 1;
        break;
    case 5: r[d] = add(b, m, (int64_t)value + (b->c ? 1 : 0)); return 1;
    case 6: r[d] = subtract(b, value, (int64_t)m + (b->c ? 0 : 1)); return 1;
    case 8: nz(b, value & m); return 1;
    case 9: r[d] = subtract(b, 0, m); return 1;
    case 10: subtract(b, value, m); return 1;
    case 11: add(b, value, m); return 1;
    case 12: result = value | m; break;
    case 13: result = value * m; break;
    case 14: result = value & ~m; break;
    case 15: result = ~m; break;
    default: return 0;
    }
    r[d] = result;
    nz(b, result);
    return 1;
}

/* High registers and branches to them, 0x4400 - 0x47FF. */
INLINE int high(struct burst *b, uint32_t op) {
    uint32_t *r = b->r, m = op >> 3 & 15, d = (op >> 4 & 8) | (op & 7), value;
    switch (op >> 8 & 3) {
    case 1: subtract(b, r[d], r[m]); return 1;
    case 3:
        if (op & 7) return 0;
        if (op & 0x80) r[14] = r[15] | 1;
        else if (b->mode == HANDLER && r[m] >> 28 == 15) return 0;
        value = r[m];
        r[15] = value & ~1u;
        return 2;
    }
    value = m == 15 ? r[15] + 2 : r[m];
    if (!(op >> 8 & 2)) value += d == 15 ? r[15] + 2 : r[d];
    if (d == 15) r[15] = value & ~1u;
    else r[d] = d == 13 ? value & ~3u : value;
    return d == 15 ? 2 : 1;
}

/* 0xB000 - 0xBFFF without what changes the processor's state. */
INLINE int various(struct burst *b, uint32_t op) {
    uint32_t *r = b->r, d = op & 7, m = r[op >> 3 & 7], list = op & 0xFF, address, to;
    const unsigned char *at;
    int count;
    switch (op >> 8 & 15) {
    case 0: r[13] = (op & 0x80 ? r[13] - ((op & 0x7F) << 2) : r[13] + ((op & 0x7F) << 2)) & ~3u; return 1;
    case 2:
        switch (op >> 6 & 3) {
        case 0: r[d] = (uint32_t)(int16_t)m; break;
        case 1: r[d] = (uint32_t)(int8_t)m; break;
        case 2: r[d] = m & 0xFFFF; break;
        case 3: r[d] = m & 0xFF; break;
        }
        return 1;
    case 4: case 5:
        address = r[13] - 4 * (uint32_t)__builtin_popcount(op & 0x1FF);
        count = store_many(b, list, address, op >> 8 & 1);
        if (count < 0) return 0;
        r[13] = address & ~3u;
        return 1 + count;
    case 10:
        if ((op >> 6 & 3) == 0) r[d] = __builtin_bswap32(m);
        else if ((op >> 6 & 3) == 1) r[d] = (m >> 8 & 0xFF00FFu) | (m & 0xFF00FFu) << 8;
        else return 0;
        return 1;
    case 12: case 13:
        address = r[13] + 4 * (uint32_t)__builtin_popcount(list);
        if (!(op & 0x100)) {
            count = load_many(b, list, r[13]);
            if (count < 0) return 0;
            r[13] = address & ~3u;
            return 1 + count;
        }
        at = readable(b, address, 4, 4);
        if (!at) return 0;
        to = get32(at);
        if (b->mode == HANDLER && to >> 28 == 15) return 0;
        count = load_many(b, list, r[13]);
        if (count < 0) return 0;
        r[13] = (address + 4) & ~3u;
        r[15] = to & ~1u;
        return 3 + count;
    case 15: return op == 0xBF00;
    }
    return 0;
}

/* One instruction: its cycles, or 0 with nothing changed if it is none of these. `r[15]` is behind it already. */
INLINE int plain(struct burst *b, uint32_t op, uint32_t pc) {
    uint32_t *r = b->r, d = op & 7, m = op >> 3 & 7, i = op >> 6 & 31, high3 = op >> 8 & 7, byte = op & 0xFF, value, second, list;
    const unsigned char *at;
    int count;
    switch (op >> 11) {
    case 0:
        value = r[m];
        r[d] = value << i;
        nz(b, r[d]);
        if (i) b->c = value >> (32 - i) & 1;
        return 1;
    case 1:
        value = r[m];
        r[d] = i ? value >> i : 0;
        nz(b, r[d]);
        b->c = value >> (i ? i - 1 : 31) & 1;
        return 1;
    case 2:
        value = r[m];
        r[d] = i ? (uint32_t)((int32_t)value >> i) : (value >> 31 ? 0xFFFFFFFFu : 0);
        nz(b, r[d]);
        b->c = value >> (i ? i - 1 : 31) & 1;
        return 1;
    case 3:
        value = op & 0x400 ? op >> 6 & 7 : r[op >> 6 & 7];
        r[d] = op & 0x200 ? subtract(b, r[m], value) : add(b, r[m], value);
        return 1;
    case 4: r[high3] = byte; nz(b, byte); return 1;
    case 5: subtract(b, r[high3], byte); return 1;
    case 6: r[high3] = add(b, r[high3], byte); return 1;
    case 7: r[high3] = subtract(b, r[high3], byte); return 1;
    case 8: return op & 0x400 ? high(b, op) : processed(b, op);
    case 9: return load(b, high3, ((r[15] + 2) & ~3u) + (byte << 2), 4, 0);
    case 10: case 11:
        value = r[m] + r[op >> 6 & 7];
        switch (op >> 9 & 7) {
        case 0: return store(b, d, value, 4);
        case 1: return store(b, d, value, 2);
        case 2: return store(b, d, value, 1);
        case 3: return load(b, d, value, 1, 1);
        case 4: return load(b, d, value, 4, 0);
        case 5: return load(b, d, value, 2, 0);
        case 6: return load(b, d, value, 1, 0);
        }
        return load(b, d, value, 2, 1);
    case 12: return store(b, d, r[m] + (i << 2), 4);
    case 13: return load(b, d, r[m] + (i << 2), 4, 0);
    case 14: return store(b, d, r[m] + i, 1);
    case 15: return load(b, d, r[m] + i, 1, 0);
    case 16: return store(b, d, r[m] + (i << 1), 2);
    case 17: return load(b, d, r[m] + (i << 1), 2, 0);
    case 18: return store(b, high3, r[13] + (byte << 2), 4);
    case 19: return load(b, high3, r[13] + (byte << 2), 4, 0);
    case 20: r[high3] = (pc & ~3u) + 4 + (byte << 2); return 1;
    case 21: r[high3] = r[13] + (byte << 2); return 1;
    case 22: case 23: return various(b, op);
    case 24:
        value = r[high3];
        count = store_many(b, byte, value, 0);
        if (count < 0) return 0;
        if (!(byte >> high3 & 1)) r[high3] = value + 4 * (uint32_t)count;
        return 1 + count;
    case 25:
        value = r[high3];
        list = byte;
        count = load_many(b, list, value);
        if (count < 0) return 0;
        if (!(list >> high3 & 1)) r[high3] = value + 4 * (uint32_t)count;
        return 1 + count;
    case 26: case 27:
        if ((op >> 9 & 7) == 7) return 0;
        if (!holds(b, op >> 8 & 15)) return 1;
        r[15] += (uint32_t)(int32_t)(int8_t)byte * 2 + 2;
        return 2;
    case 28: r[15] += ((op & 0x7FF) << 1) - (op & 0x400 ? 0x1000u : 0) + 2; return 2;
    case 30:
        at = readable(b, pc + 2, 2, 2);
        second = at ? get16(at) : 0;
        if (second >> 14 != 3 || !(second >> 12 & 1)) return 0;
        value = (op >> 10 & 1) ? 0xFF000000u : 0;
        value |= (1 - ((op >> 10 & 1) ^ (second >> 13 & 1))) << 23 | (1 - ((op >> 10 & 1) ^ (second >> 11 & 1))) << 22;
        value |= (op & 0x3FF) << 12 | (second & 0x7FF) << 1;
        r[14] = (r[15] + 2) | 1;
        r[15] += 2 + value;
        return 3;
    }
    return 0;
}

INLINE int next(struct burst *b) {
    uint32_t before = b->r[15], pc = before & ~1u;
    const unsigned char *at = readable(b, pc, 2, 2);
    int cycles;
    if (!at) return 0;
    b->r[15] = before + 2;
    cycles = plain(b, get16(at), pc);
    if (!cycles) b->r[15] = before;
    else b->cycles += (unsigned long long)cycles;
    return cycles;
}

INLINE struct burst begun(struct core *core) {
    struct burst b;
    memcpy(b.r, core->r, sizeof b.r);
    b.n = *core->n, b.z = *core->z, b.c = *core->c, b.v = *core->v, b.mode = *core->mode, b.cycles = *core->cycles;
    b.ram = core->ram, b.flash = core->flash, b.rom = core->rom, b.div = &core->div;
    return b;
}

INLINE void ended(const struct burst *b, struct core *core) {
    memcpy(core->r, b->r, sizeof b->r);
    *core->n = b->n, *core->z = b->z, *core->c = b->c, *core->v = b->v, *core->cycles = b->cycles;
}

/* One instruction by itself. */
static int one(struct core *core) {
    struct burst b = begun(core);
    int cycles = next(&b);
    ended(&b, core);
    return cycles;
}

/* The first number of cycles with which an alarm is due. */
static long long cycles_to(double now, double alarm) {
    double ahead = (alarm - now) / 8.0;
    long long cycles = FAR;
    if (ahead < (double)FAR) {
        cycles = (long long)ahead;
        while (now + (double)(cycles - 1) * 8.0 >= alarm) cycles--;
        while (now + (double)cycles * 8.0 < alarm) cycles++;
    }
    return cycles;
}

/* Until an alarm, or a state machine's step that is seen from outside (machines.h), is due with the last instruction's cycles, which
 * are given back and not yet told to the clock; or 0: the next instruction is none of these. */
static int run_burst(struct core *core, struct block *blocks, double *now, double alarm_ns) {
    struct burst b = begun(core);
    long long alarm = cycles_to(*now, alarm_ns), end, done = 0;
    int cycles, n;
    for (n = 0; n < 2; n++) block_begin(blocks + n);
    end = nearest(blocks, alarm);
    while ((cycles = next(&b))) {
        done += cycles;
        if (done < end) continue;
        if (done >= alarm || !blocks_make(blocks, done)) {
            done -= cycles;
            break;
        }
        end = nearest(blocks, alarm);
    }
    ended(&b, core);
    *now += (double)done * 8.0;
    for (n = 0; n < 2; n++)
        if (!*blocks[n].stopped) *blocks[n].at += done << 8;
    return cycles;
}
