/* Steps of PIO's state machines that only the machine itself can see: turns of a loop that waits for a pin or a time, moves between
 * its own registers. They are made between two plain instructions (burst.h), as rp2040py makes them (_state_machine.pyx, _pio.pyx):
 * at the same cycle, at most one of each machine after an instruction. Everything else is left to rp2040py. */

#include <stdint.h>

#define AUTOPUSH (1u << 16) /* RP2040 datasheet 3.7: SHIFTCTRL, EXECCTRL */
#define AUTOPULL (1u << 17)
#define IN_RIGHT (1u << 18)
#define OUT_RIGHT (1u << 19)
#define SIDE_DIRECTIONS (1u << 29)
#define SIDE_OPTIONAL (1u << 30)
#define PINS 0x3FFFFFFFu
#define ARREARS (8LL << 8) /* 1/256 of a cycle; what a machine is later than this is given up */
#define NEVER (1LL << 62)
#define FAR (1LL << 40) /* cycles */

struct machine {
    int *enabled, *waiting, *exec_valid;
    uint32_t *pc, *x, *y, *in, *in_count, *out, *out_count, *exec_ctrl, *shift_ctrl, *pin_ctrl;
    long long *cycles, *due, *div;
};

struct pad {
    int *driven, *raw;
    uint32_t *pad, *ctrl;
};

struct block {
    struct machine machine[4];
    uint32_t *program, *values, *directions, *old_values, *old_directions;
    int *stopped;
    long long *at, *due, *drops;
    struct pad *pads;
    uint32_t pins;
    int active, runs[4]; /* which machines run, for the length of a burst; none in a block that is stopped */
    long long began;     /* `at` then */
};

/* What a pin's input reads (GPIOPin.input_value). */
static int level(const struct block *k, uint32_t number) {
    const struct pad *p = k->pads + number;
    uint32_t pulls = *p->pad >> 2 & 3, is;
    if (number >= k->pins) return 0;
    is = *p->driven || pulls == 0 || pulls == 3 ? *p->raw : pulls == 2;
    is = is && (*p->pad & 0x40);
    switch (*p->ctrl >> 16 & 3) {
    case 1: return !is;
    case 2: return 0;
    case 3: return 1;
    }
    return is;
}

static inline uint32_t side_pins(const struct machine *m) { return *m->pin_ctrl >> 29; }

/* Whether the pins stay as they are with the instruction's side-set. */
static inline int side_stays(const struct block *k, const struct machine *m, uint32_t op) {
    uint32_t count = side_pins(m), value = op >> 8 & 31, base, now, mask;
    if (!count) return 1;
    if (count > 5) return 0;
    base = *m->pin_ctrl >> 10 & 31;
    if (*m->exec_ctrl & SIDE_OPTIONAL) {
        if (!(value & 16)) return 1;
        mask = (1u << (count - 1)) - 1;
    } else mask = (1u << count) - 1;
    value >>= 5 - count;
    now = *m->exec_ctrl & SIDE_DIRECTIONS ? *k->directions : *k->values;
    mask <<= base;
    return (((now & ~mask) | ((value << base) & mask)) & PINS) == now;
}

/* Whether a machine's next instruction is one of those that are made here. */
static inline int unseen(const struct block *k, const struct machine *m, uint32_t op) {
    uint32_t arg = op & 0xFF, low = arg & 7, high = arg >> 5;
    if (*m->exec_valid || !side_stays(k, m, op)) return 0;
    switch (op >> 13) {
    case 0: return 1;
    case 2: return !(*m->shift_ctrl & AUTOPUSH) && high != 4 && high != 5 && (high || arg & 31);
    case 3: return !(*m->shift_ctrl & AUTOPULL) && high && high != 4 && high != 7;
    case 5: return (low == 1 || low == 2 || low == 3 || low >= 6) && high && high != 3 && high != 4 && (arg >> 3 & 3) < 2;
    }
    return 0;
}

static inline uint32_t source(const struct machine *m, uint32_t number) {
    switch (number) {
    case 1: return *m->x;
    case 2: return *m->y;
    case 6: return *m->in;
    case 7: return *m->out;
    }
    return 0;
}

static inline int jumps(const struct block *k, const struct machine *m, uint32_t condition) {
    uint32_t threshold;
    switch (condition) {
    case 1: return *m->x == 0;
    case 2: return (*m->x)-- != 0;
    case 3: return *m->y == 0;
    case 4: return (*m->y)-- != 0;
    case 5: return *m->x != *m->y;
    case 6: return level(k, *m->exec_ctrl >> 24 & 31);
    case 7:
        threshold = *m->shift_ctrl >> 25 & 31;
        return *m->out_count < (threshold ? threshold : 32);
    }
    return 1;
}

static void take_in(const struct block *k, struct machine *m, uint32_t arg) {
    uint32_t count = arg & 31, value = source(m, arg >> 5), n;
    if (!count) {
        *m->in = value;
        *m->in_count = 32;
        return;
    }
    if (arg < 32)
        for (n = 0; n < count; n++) value |= (uint32_t)level(k, ((*m->pin_ctrl >> 15) + n) & 31) << n;
    value &= (1u << count) - 1;
    if (*m->shift_ctrl & IN_RIGHT) *m->in = *m->in >> count | value << (32 - count);
    else *m->in = *m->in << count | value;
    *m->in_count = *m->in_count + count < 32 ? *m->in_count + count : 32;
}

/* Whether the place of the next instruction was written. */
static int put(struct machine *m, uint32_t to, uint32_t value, uint32_t in_count) {
    switch (to) {
    case 1: *m->x = value; break;
    case 2: *m->y = value; break;
    case 5: *m->pc = value & 31; return 1;
    case 6: *m->in = value; *m->in_count = in_count; break;
    }
    return 0;
}

static int put_out(struct machine *m, uint32_t arg) {
    uint32_t count = arg & 31, value = *m->out;
    if (!count) {
        *m->out_count = 32;
        return put(m, arg >> 5, value, 32);
    }
    if (*m->shift_ctrl & OUT_RIGHT) {
        *m->out = value >> count;
        value &= (1u << count) - 1;
    } else {
        *m->out = value << count;
        value >>= 32 - count;
    }
    *m->out_count = *m->out_count + count < 32 ? *m->out_count + count : 32;
    return put(m, arg >> 5, value, count);
}

static int move(struct machine *m, uint32_t arg) {
    uint32_t value = source(m, arg & 7);
    if (arg >> 3 & 3) value = ~value;
    if (arg >> 5 != 7) return put(m, arg >> 5, value, 0);
    *m->out = value;
    *m->out_count = 0;
    return 0;
}

/* One instruction of those that are `unseen`. */
static inline void make(const struct block *k, struct machine *m, uint32_t op) {
    uint32_t arg = op & 0xFF, cycles;
    int jumped = 0;
    switch (op >> 13) {
    case 0:
        jumped = jumps(k, m, arg >> 5);
        if (jumped) *m->pc = arg & 31;
        break;
    case 2: take_in(k, m, arg); break;
    case 3: jumped = put_out(m, arg); break;
    case 5: jumped = move(m, arg); break;
    }
    if (!jumped) *m->pc = *m->pc == (*m->exec_ctrl >> 12 & 31) ? *m->exec_ctrl >> 7 & 31 : (*m->pc + 1) & 31;
    cycles = 1 + ((op >> 8 & 31) & ((1u << (5 - side_pins(m))) - 1));
    *m->cycles += cycles;
    *m->due += cycles * *m->div;
}

/* For the length of a burst nobody else moves a block on. */
static inline void block_begin(struct block *k) {
    int n;
    k->active = 0;
    k->began = *k->at;
    for (n = 0; n < 4 && !*k->stopped; n++)
        if (*k->machine[n].enabled && !*k->machine[n].waiting) k->runs[k->active++] = n;
}

/* With how many cycles of a burst the first alarm or machine is due. */
static inline long long nearest(const struct block *k, long long end) {
    int n;
    for (n = 0; n < 2; n++) {
        long long due = (*k[n].due - k[n].began + 255) >> 8;
        if (!*k[n].stopped && due < end) end = due;
    }
    return end;
}

struct step {
    struct block *block;
    struct machine *machine;
    uint32_t op;
    long long at;
};

/* What is due in a block, behind `count` other steps: how many there are then, or -1 if one is not `unseen`. */
static inline int steps_due(struct block *k, long long at, struct step *steps, int count) {
    int n;
    if (*k->values != *k->old_values || *k->directions != *k->old_directions) return -1;
    for (n = 0; n < k->active; n++) {
        struct machine *m = k->machine + k->runs[n];
        uint32_t op;
        if (*m->due > at) continue;
        op = k->program[*m->pc & 31];
        if (!unseen(k, m, op)) return -1;
        steps[count++] = (struct step){k, m, op, at};
    }
    return count;
}

/* When a block has to be looked at again. */
static inline void block_made(struct block *k) {
    long long next = NEVER;
    int n;
    for (n = 0; n < k->active; n++)
        if (*k->machine[k->runs[n]].due < next) next = *k->machine[k->runs[n]].due;
    *k->due = next;
}

/* After so many cycles of a burst: make what is due in both blocks. 0, with nothing done, if rp2040py has to. */
static inline int blocks_make(struct block *k, long long cycles) {
    struct step steps[8], *step;
    int n, count = 0, due[2];
    for (n = 0; n < 2; n++) {
        long long at = k[n].began + (cycles << 8);
        due[n] = !*k[n].stopped && at >= *k[n].due;
        if (due[n] && (count = steps_due(k + n, at, steps, count)) < 0) return 0;
    }
    for (step = steps; step < steps + count; step++) {
        if (step->at - *step->machine->due > ARREARS) {
            ++*step->block->drops;
            *step->machine->due = step->at;
        }
        make(step->block, step->machine, step->op);
    }
    for (n = 0; n < 2; n++)
        if (due[n]) block_made(k + n);
    return 1;
}
