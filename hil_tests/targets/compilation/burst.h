/* The emulated core's plain instructions, many in a row: those that touch nothing but registers, flags, RAM, flash, ROM and the
 * hardware divider, so that nothing else can happen meanwhile. What an instruction does and costs is rp2040py's
 * (_cortex_m0_core.pyx), quirks included; test_burst.py compares every opcode. Everything else is left to rp2040py.
 *
 * An instruction's uppermost ten bits tell where it is made (MADE), and each one goes to the next by itself: the processor that all
 * this runs on foretells the way of each by what came last behind it. */

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
#define SIGN 0x80000000u

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

struct flags { /* for the length of a burst; of n and v the sign bit counts, z is set if it is zero, c is 0 or 1 */
    uint32_t n, z, c, v;
};

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t get32(const unsigned char *at) { uint32_t v; memcpy(&v, at, 4); return v; }
INLINE uint32_t get16(const unsigned char *at) { uint16_t v; memcpy(&v, at, 2); return v; }
INLINE void put32(unsigned char *at, uint32_t v) { memcpy(at, &v, 4); }
INLINE void put16(unsigned char *at, uint32_t v) { uint16_t w = (uint16_t)v; memcpy(at, &w, 2); }

/* Where `size` bytes lie that can only be read; NULL if they are no memory or not aligned. */
INLINE const unsigned char *readable(const struct core *b, uint32_t address, uint32_t align, uint32_t size) {
    if (address & (align - 1)) return NULL;
    if (address - RAM <= RAM_SIZE - size) return b->ram + (address - RAM);
    if (address - FLASH <= FLASH_SIZE - size) return b->flash + (address - FLASH);
    if (address <= ROM_SIZE - size) return b->rom + address;
    return NULL;
}

INLINE unsigned char *writeable(const struct core *b, uint32_t address, uint32_t align, uint32_t size) {
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

INLINE uint32_t nz(struct flags *f, uint32_t result) { return f->n = f->z = result; }

INLINE uint32_t add(struct flags *f, uint32_t x, uint64_t y) {
    uint64_t sum = x + y;
    uint32_t result = (uint32_t)sum;
    f->c = sum >> 32 != 0;
    f->v = ~(x ^ (uint32_t)y) & (x ^ result);
    return nz(f, result);
}

INLINE uint32_t subtract(struct flags *f, uint32_t x, uint64_t y) {
    uint32_t result = x - (uint32_t)y;
    f->c = x >= y;
    f->v = (x ^ (uint32_t)y) & (x ^ result);
    return nz(f, result);
}

/* Cycles; 0 if it is no memory, and no divider. */
INLINE int load(struct core *b, uint32_t to, uint32_t address, uint32_t size, int sign) {
    const unsigned char *at = readable(b, address, size, size);
    if (!at) {
        uint32_t value;
        if (size != 4 || address - SIO > CSR || !divider_read(&b->div, address - SIO, &value)) return 0;
        b->r[to] = value;
        return 1;
    }
    if (size == 4) b->r[to] = get32(at);
    else if (size == 2) b->r[to] = sign ? (uint32_t)(int16_t)get16(at) : get16(at);
    else b->r[to] = sign ? (uint32_t)(int8_t)*at : *at;
    return 2;
}

INLINE int store(struct core *b, uint32_t from, uint32_t address, uint32_t size) {
    unsigned char *at = writeable(b, address, size, size);
    if (!at) return size == 4 && address - SIO <= CSR && divider_write(&b->div, b->cycles, address - SIO, b->r[from]) ? 1 : 0;
    if (size == 4) put32(at, b->r[from]);
    else if (size == 2) put16(at, b->r[from]);
    else *at = (unsigned char)b->r[from];
    return 2;
}

INLINE uint32_t counted(uint32_t list) {
    uint32_t count = 0;
    for (; list; list &= list - 1) count++;
    return count;
}

/* Registers of `list`, the lowest first, from `address` on; how many, or -1 if they do not all lie in memory. */
static int load_many(struct core *b, uint32_t list, uint32_t address) {
    uint32_t count = counted(list), i;
    const unsigned char *at = count ? readable(b, address, 4, 4 * count) : b->ram;
    if (!at) return -1;
    for (i = 0; list >> i; i++)
        if (list >> i & 1) { b->r[i] = get32(at); at += 4; }
    return (int)count;
}

static int store_many(struct core *b, uint32_t list, uint32_t address, uint32_t link) {
    uint32_t count = counted(list), i;
    unsigned char *at = count + link ? writeable(b, address, 4, 4 * (count + link)) : b->ram;
    if (!at) return -1;
    for (i = 0; list >> i; i++)
        if (list >> i & 1) { put32(at, b->r[i]); at += 4; }
    if (link) put32(at, b->r[14]);
    return (int)count;
}

#define EACH(from, to, label) [from ... to] = &&label
#define MADE { \
    EACH(0x000, 0x3FF, other), \
    EACH(0x000, 0x01F, lsl_i), EACH(0x020, 0x03F, lsr_i), EACH(0x040, 0x05F, asr_i), \
    EACH(0x060, 0x067, add_r), EACH(0x068, 0x06F, sub_r), EACH(0x070, 0x077, add_3), EACH(0x078, 0x07F, sub_3), \
    EACH(0x080, 0x09F, mov_8), EACH(0x0A0, 0x0BF, cmp_8), EACH(0x0C0, 0x0DF, add_8), EACH(0x0E0, 0x0FF, sub_8), \
    [0x100] = &&and, &&eor, &&lsl_r, &&lsr_r, &&asr_r, &&adc, &&sbc, &&other, \
    [0x108] = &&tst, &&rsb, &&cmp_r, &&cmn, &&orr, &&mul, &&bic, &&mvn, \
    EACH(0x110, 0x113, add_high), EACH(0x114, 0x117, cmp_high), EACH(0x118, 0x11B, mov_high), EACH(0x11C, 0x11D, bx), \
    EACH(0x11E, 0x11F, blx), EACH(0x120, 0x13F, ldr_pc), \
    EACH(0x140, 0x147, str_r), EACH(0x148, 0x14F, strh_r), EACH(0x150, 0x157, strb_r), EACH(0x158, 0x15F, ldrsb_r), \
    EACH(0x160, 0x167, ldr_r), EACH(0x168, 0x16F, ldrh_r), EACH(0x170, 0x177, ldrb_r), EACH(0x178, 0x17F, ldrsh_r), \
    EACH(0x180, 0x19F, str_i), EACH(0x1A0, 0x1BF, ldr_i), EACH(0x1C0, 0x1DF, strb_i), EACH(0x1E0, 0x1FF, ldrb_i), \
    EACH(0x200, 0x21F, strh_i), EACH(0x220, 0x23F, ldrh_i), EACH(0x240, 0x25F, str_sp), EACH(0x260, 0x27F, ldr_sp), \
    EACH(0x280, 0x29F, adr), EACH(0x2A0, 0x2BF, add_sp), EACH(0x2C0, 0x2C1, sp_up), EACH(0x2C2, 0x2C3, sp_down), \
    [0x2C8] = &&sxth, &&sxtb, &&uxth, &&uxtb, EACH(0x2D0, 0x2D7, push), [0x2E8] = &&rev, &&rev16, \
    EACH(0x2F0, 0x2F3, pop), EACH(0x2F4, 0x2F7, pop_pc), [0x2FC] = &&nop, EACH(0x300, 0x31F, stm), EACH(0x320, 0x33F, ldm), \
    EACH(0x340, 0x343, beq), EACH(0x344, 0x347, bne), EACH(0x348, 0x34B, bcs), EACH(0x34C, 0x34F, bcc), \
    EACH(0x350, 0x353, bmi), EACH(0x354, 0x357, bpl), EACH(0x358, 0x35B, bvs), EACH(0x35C, 0x35F, bvc), \
    EACH(0x360, 0x363, bhi), EACH(0x364, 0x367, bls), EACH(0x368, 0x36B, bge), EACH(0x36C, 0x36F, blt), \
    EACH(0x370, 0x373, bgt), EACH(0x374, 0x377, ble), EACH(0x380, 0x39F, b), EACH(0x3C0, 0x3DF, bl)}

/* From one instruction to the next. */
#define NEXT do { \
    if (pc - low > span) goto elsewhere; \
    op = get16(code + (pc - low)); \
    goto *made[op >> 6]; \
} while (0)
#define JUMPED(n) do { done += cycles = (n); if (done >= end) goto due; NEXT; } while (0)
#define AND_ON(n) do { pc += 2; JUMPED(n); } while (0)
#define MEMORY(access) do { \
    if (!(cycles = (access))) goto other; \
    AND_ON(cycles); \
} while (0)
#define IF(condition) do { \
    if (!(condition)) AND_ON(1); \
    pc += (uint32_t)(int32_t)(int8_t)op * 2 + 4; \
    JUMPED(2); \
} while (0)

/* Operands. */
#define D (op & 7)
#define M (op >> 3 & 7)
#define I3 (op >> 6 & 7)
#define I5 (op >> 6 & 31)
#define HIGH3 (op >> 8 & 7)
#define BYTE (op & 0xFF)
#define HIGH_D ((op >> 4 & 8) | (op & 7))
#define HIGH_M (op >> 3 & 15)

/* Until the alarm, or a state machine's step that is seen from outside (machines.h), is due with the last instruction's cycles,
 * which are not yet in `told`; or 0: the next instruction is none of these, and nothing of it is done. A single one without blocks.
 * After an exception rp2040py's r15 is odd until it is written anew. */
static int run(struct core *core, struct block *blocks, long long alarm, long long *told) {
    static const void *const made[0x400] = MADE;
    uint32_t *const r = core->r, pc = r[15] & ~1u, odd = r[15] & 1, low = 0, span = 0, op, value, address, to;
    const unsigned char *code = core->ram;
    struct flags f = {*core->n ? SIGN : 0, !*core->z, *core->c != 0, *core->v ? SIGN : 0};
    const int in_handler = *core->mode == HANDLER;
    long long done = 0, end = blocks ? nearest(blocks, alarm) : 0;
    int cycles, count;
    const unsigned char *at;

elsewhere:
    if (pc - FLASH <= FLASH_SIZE - 2) code = core->flash, low = FLASH, span = FLASH_SIZE - 2;
    else if (pc - RAM <= RAM_SIZE - 2) code = core->ram, low = RAM, span = RAM_SIZE - 2;
    else if (pc <= ROM_SIZE - 2) code = core->rom, low = 0, span = ROM_SIZE - 2;
    else goto other;
    NEXT;

lsl_i:
    value = r[M];
    if (I5) f.c = value >> (32 - I5) & 1;
    r[D] = nz(&f, value << I5);
    AND_ON(1);
lsr_i:
    value = r[M];
    f.c = value >> ((I5 - 1) & 31) & 1;
    r[D] = nz(&f, I5 ? value >> I5 : 0);
    AND_ON(1);
asr_i:
    value = r[M];
    f.c = value >> ((I5 - 1) & 31) & 1;
    r[D] = nz(&f, (uint32_t)((int32_t)value >> (I5 ? I5 : 31)));
    AND_ON(1);
add_r: r[D] = add(&f, r[M], r[I3]); AND_ON(1);
sub_r: r[D] = subtract(&f, r[M], r[I3]); AND_ON(1);
add_3: r[D] = add(&f, r[M], I3); AND_ON(1);
sub_3: r[D] = subtract(&f, r[M], I3); AND_ON(1);
mov_8: r[HIGH3] = nz(&f, BYTE); AND_ON(1);
cmp_8: subtract(&f, r[HIGH3], BYTE); AND_ON(1);
add_8: r[HIGH3] = add(&f, r[HIGH3], BYTE); AND_ON(1);
sub_8: r[HIGH3] = subtract(&f, r[HIGH3], BYTE); AND_ON(1);

and: r[D] = nz(&f, r[D] & r[M]); AND_ON(1);
eor: r[D] = nz(&f, r[D] ^ r[M]); AND_ON(1);
lsl_r:
    value = r[D], count = r[M] & 0xFF;
    if (count) f.c = value >> ((32 - count) & 31) & 1;
    r[D] = nz(&f, count < 32 ? value << count : 0);
    AND_ON(1);
lsr_r:
    value = r[D], count = r[M] & 0xFF;
    f.c = count <= 32 ? value >> ((count - 1) & 31) & 1 : 0;
    r[D] = nz(&f, count < 32 ? value >> count : 0);
    AND_ON(1);
asr_r:
    value = r[D], count = r[M] & 0xFF;
    if (count > 32) count = 32;
    f.c = value >> ((count - 1) & 31) & 1;
    r[D] = nz(&f, (uint32_t)((int32_t)value >> (count < 32 ? count : 31)));
    AND_ON(1);
adc: r[D] = add(&f, r[M], (uint64_t)r[D] + f.c); AND_ON(1);
sbc: r[D] = subtract(&f, r[D], (uint64_t)r[M] + !f.c); AND_ON(1);
tst: nz(&f, r[D] & r[M]); AND_ON(1);
rsb: r[D] = subtract(&f, 0, r[M]); AND_ON(1);
cmp_r: subtract(&f, r[D], r[M]); AND_ON(1);
cmn: add(&f, r[M], r[D]); AND_ON(1);
orr: r[D] = nz(&f, r[D] | r[M]); AND_ON(1);
mul: r[D] = nz(&f, r[D] * r[M]); AND_ON(1);
bic: r[D] = nz(&f, r[D] & ~r[M]); AND_ON(1);
mvn: r[D] = nz(&f, ~r[M]); AND_ON(1);

cmp_high:
    r[15] = pc + 2 + odd;
    subtract(&f, r[HIGH_D], r[HIGH_M]);
    AND_ON(1);
add_high:
    r[15] = pc + 4 + odd;
    value = r[HIGH_D] + r[HIGH_M];
    goto to_high;
mov_high:
    r[15] = pc + 4 + odd;
    value = r[HIGH_M];
to_high:
    if (HIGH_D == 15) {
        pc = value & ~1u, odd = 0;
        JUMPED(2);
    }
    r[HIGH_D] = HIGH_D == 13 ? value & ~3u : value;
    AND_ON(1);
bx:
    r[15] = pc + 2 + odd;
    if (op & 7 || (in_handler && r[HIGH_M] >> 28 == 15)) goto other;
    pc = r[HIGH_M] & ~1u, odd = 0;
    JUMPED(2);
blx:
    if (op & 7) goto other;
    r[15] = pc + 2 + odd;
    r[14] = r[15] | 1;
    pc = r[HIGH_M] & ~1u, odd = 0;
    JUMPED(2);

ldr_pc: MEMORY(load(core, HIGH3, ((pc + 4) & ~3u) + (BYTE << 2), 4, 0));
str_r: MEMORY(store(core, D, r[M] + r[I3], 4));
strh_r: MEMORY(store(core, D, r[M] + r[I3], 2));
strb_r: MEMORY(store(core, D, r[M] + r[I3], 1));
ldrsb_r: MEMORY(load(core, D, r[M] + r[I3], 1, 1));
ldr_r: MEMORY(load(core, D, r[M] + r[I3], 4, 0));
ldrh_r: MEMORY(load(core, D, r[M] + r[I3], 2, 0));
ldrb_r: MEMORY(load(core, D, r[M] + r[I3], 1, 0));
ldrsh_r: MEMORY(load(core, D, r[M] + r[I3], 2, 1));
str_i: MEMORY(store(core, D, r[M] + (I5 << 2), 4));
ldr_i: MEMORY(load(core, D, r[M] + (I5 << 2), 4, 0));
strb_i: MEMORY(store(core, D, r[M] + I5, 1));
ldrb_i: MEMORY(load(core, D, r[M] + I5, 1, 0));
strh_i: MEMORY(store(core, D, r[M] + (I5 << 1), 2));
ldrh_i: MEMORY(load(core, D, r[M] + (I5 << 1), 2, 0));
str_sp: MEMORY(store(core, HIGH3, r[13] + (BYTE << 2), 4));
ldr_sp: MEMORY(load(core, HIGH3, r[13] + (BYTE << 2), 4, 0));
adr: r[HIGH3] = (pc & ~3u) + 4 + (BYTE << 2); AND_ON(1);
add_sp: r[HIGH3] = r[13] + (BYTE << 2); AND_ON(1);
sp_up: r[13] = (r[13] + ((op & 0x7F) << 2)) & ~3u; AND_ON(1);
sp_down: r[13] = (r[13] - ((op & 0x7F) << 2)) & ~3u; AND_ON(1);
sxth: r[D] = (uint32_t)(int16_t)r[M]; AND_ON(1);
sxtb: r[D] = (uint32_t)(int8_t)r[M]; AND_ON(1);
uxth: r[D] = r[M] & 0xFFFF; AND_ON(1);
uxtb: r[D] = r[M] & 0xFF; AND_ON(1);
rev: r[D] = __builtin_bswap32(r[M]); AND_ON(1);
rev16:
    value = r[M];
    r[D] = (value >> 8 & 0xFF00FFu) | (value & 0xFF00FFu) << 8;
    AND_ON(1);
nop:
    if (op != 0xBF00) goto other;
    AND_ON(1);

push:
    address = r[13] - 4 * counted(op & 0x1FF);
    if ((count = store_many(core, BYTE, address, op >> 8 & 1)) < 0) goto other;
    r[13] = address & ~3u;
    AND_ON(1 + count);
pop:
    address = r[13] + 4 * counted(BYTE);
    if ((count = load_many(core, BYTE, r[13])) < 0) goto other;
    r[13] = address & ~3u;
    AND_ON(1 + count);
pop_pc:
    address = r[13] + 4 * counted(BYTE);
    at = readable(core, address, 4, 4);
    if (!at) goto other;
    to = get32(at);
    if ((in_handler && to >> 28 == 15) || (count = load_many(core, BYTE, r[13])) < 0) goto other;
    r[13] = (address + 4) & ~3u;
    pc = to & ~1u, odd = 0;
    JUMPED(3 + count);
stm:
    address = r[HIGH3];
    if ((count = store_many(core, BYTE, address, 0)) < 0) goto other;
    if (!(BYTE >> HIGH3 & 1)) r[HIGH3] = address + 4 * (uint32_t)count;
    AND_ON(1 + count);
ldm:
    address = r[HIGH3];
    if ((count = load_many(core, BYTE, address)) < 0) goto other;
    if (!(BYTE >> HIGH3 & 1)) r[HIGH3] = address + 4 * (uint32_t)count;
    AND_ON(1 + count);

beq: IF(!f.z);
bne: IF(f.z);
bcs: IF(f.c);
bcc: IF(!f.c);
bmi: IF(f.n & SIGN);
bpl: IF(!(f.n & SIGN));
bvs: IF(f.v & SIGN);
bvc: IF(!(f.v & SIGN));
bhi: IF(f.c && f.z);
bls: IF(!(f.c && f.z));
bge: IF(!((f.n ^ f.v) & SIGN));
blt: IF((f.n ^ f.v) & SIGN);
bgt: IF(!((f.n ^ f.v) & SIGN) && f.z);
ble: IF((f.n ^ f.v) & SIGN || !f.z);
b:
    pc += ((op & 0x7FF) << 1) - (op & 0x400 ? 0x1000u : 0) + 4;
    JUMPED(2);
bl:
    if (pc + 2 - low > span) goto other;
    to = get16(code + (pc + 2 - low));
    if (to >> 14 != 3 || !(to >> 12 & 1)) goto other;
    value = op >> 10 & 1;
    r[14] = (pc + 4) | 1;
    pc += 4 + ((value ? 0xFF000000u : 0) | (1 - (value ^ (to >> 13 & 1))) << 23 | (1 - (value ^ (to >> 11 & 1))) << 22 |
               (op & 0x3FF) << 12 | (to & 0x7FF) << 1);
    JUMPED(3);

due:
    *told = done - cycles;
    if (!blocks || done >= alarm || !blocks_make(blocks, done)) goto ended;
    end = nearest(blocks, alarm);
    NEXT;
other:
    cycles = 0;
    *told = done;
ended:
    r[15] = pc + odd;
    *core->n = f.n >> 31, *core->z = !f.z, *core->c = (int)f.c, *core->v = f.v >> 31;
    *core->cycles += (unsigned long long)done;
    return cycles;
}

/* One instruction by itself. */
static int one(struct core *core) {
    long long told;
    return run(core, NULL, 0, &told);
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

/* A burst; its last instruction's cycles are not yet told to the clock. */
static int run_burst(struct core *core, struct block *blocks, double *now, double alarm_ns) {
    long long told;
    int cycles, n;
    for (n = 0; n < 2; n++) block_begin(blocks + n);
    cycles = run(core, blocks, cycles_to(*now, alarm_ns), &told);
    *now += (double)told * 8.0;
    for (n = 0; n < 2; n++)
        if (!*blocks[n].stopped) *blocks[n].at += told << 8;
    return cycles;
}
