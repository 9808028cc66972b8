"""floor(r0 / r1) into r0, over r1 - r3: both are made positive, then one bit of the quotient for each turn.

The chip's own divider (RP2040 datasheet 2.3.1.5) is not used: an interrupt would have to save what the foreground has in it. Over
nothing it gives nothing.
"""

DIVIDE = (
    "label(divide)", "push({r4, r5})", "cmp(r1, 0)", "bge(divide_positive)", "neg(r1, r1)", "neg(r0, r0)",
    "label(divide_positive)", "asr(r5, r0, 31)", "eor(r0, r5)", "mov(r2, 0)", "mov(r3, 1)", "lsr(r4, r0, 1)",
    "cmp(r1, 0)", "beq(divide_done)", "label(divide_up)", "cmp(r1, r4)", "bgt(divide_down)", "lsl(r1, r1, 1)",
    "lsl(r3, r3, 1)", "b(divide_up)", "label(divide_down)", "cmp(r0, r1)", "blt(divide_less)", "sub(r0, r0, r1)",
    "orr(r2, r3)", "label(divide_less)", "lsr(r1, r1, 1)", "lsr(r3, r3, 1)", "bne(divide_down)", "eor(r2, r5)",
    "label(divide_done)", "mov(r0, r2)", "pop({r4, r5})", "bx(lr)",
)  # fmt: skip
