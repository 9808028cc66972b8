#!/bin/sh
# unicorn 2.1.4: with UC_MODE_MCLASS the CPU model that is asked for is not the one that runs: a Cortex-M0, which has no division,
# divides. With UC_MODE_THUMB alone the same model refuses udiv. So code for a Cortex-M0+ is checked without UC_MODE_MCLASS.
# Seen: THUMB: M0 refused, M3 14, M33 14; THUMB and MCLASS: 14, 14, 14 (100 / 7). Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check unicorn==2.1.4
"$work/venv/bin/python" - <<'PYTHON'
import sys

import unicorn
from unicorn import arm_const

UDIV_R2_R0_R1 = bytes.fromhex("b0fbf1f2")  # ARMv7-M and later
MODELS = (arm_const.UC_CPU_ARM_CORTEX_M0, arm_const.UC_CPU_ARM_CORTEX_M3, arm_const.UC_CPU_ARM_CORTEX_M33)


def divided(mode, model):
    cpu = unicorn.Uc(unicorn.UC_ARCH_ARM, mode)
    cpu.ctl_set_cpu_model(model)
    cpu.mem_map(0x10000, 0x1000)
    cpu.mem_write(0x10000, UDIV_R2_R0_R1)
    cpu.reg_write(arm_const.UC_ARM_REG_R0, 100)
    cpu.reg_write(arm_const.UC_ARM_REG_R1, 7)
    try:
        cpu.emu_start(0x10001, 0x10000 + len(UDIV_R2_R0_R1))
    except unicorn.UcError:
        return "refused"
    return cpu.reg_read(arm_const.UC_ARM_REG_R2)


thumb = [divided(unicorn.UC_MODE_THUMB, model) for model in MODELS]
mclass = [divided(unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS, model) for model in MODELS]
print("THUMB", thumb, "THUMB and MCLASS", mclass)
sys.exit(not (thumb == ["refused", 14, 14] and mclass == [14, 14, 14]))
PYTHON
