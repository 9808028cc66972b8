#!/bin/sh
# rp2040py 0.3.6: in an exception's handler PC reads one too high. The core takes over the vector's Thumb bit with the address, and
# keeps it through branches until PC is written anew (bx, pop). On an ARMv6-M processor that bit goes to EPSR.T and bit 0 of PC is
# always 0; so what a handler works out from `mov r0, pc` differs from a board's by one, and so does r15 in a trace.
# Seen: mov r0, pc gives its own address + 4 in the thread, + 5 in the handler of an SVC. Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check rp2040py==0.3.6
"$work/venv/bin/python" - <<'PYTHON'
import struct
import sys

from rp2040py.rp2040 import RP2040

RAM, THREAD, HANDLER, STACK = 0x20000000, 0x1000, 0x2000, 0x8000
SVCALL = 11
MOV_R0_PC, MOV_R1_PC, SVC, BX_LR = 0x4678, 0x4679, 0xDF00, 0x4770

chip = RP2040()
core = chip.core
struct.pack_into("<I", chip.sram, 4 * SVCALL, RAM + HANDLER + 1)
struct.pack_into("<HH", chip.sram, THREAD, MOV_R0_PC, SVC)
struct.pack_into("<HH", chip.sram, HANDLER, MOV_R1_PC, BX_LR)
core.vtor, core.sp, core.pc = RAM, RAM + STACK, RAM + THREAD
for _ in range(8):
    if core.registers[1]:
        break
    core.execute_instruction()
ahead = core.registers[0] - (RAM + THREAD), core.registers[1] - (RAM + HANDLER)
print("mov r, pc ahead of itself: in the thread %d, in the handler %d" % ahead)
sys.exit(ahead != (4, 5))
PYTHON
