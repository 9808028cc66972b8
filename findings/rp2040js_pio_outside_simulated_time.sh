#!/bin/sh
# rp2040js 1.4.1: a PIO state machine does not go on with the simulated clock but with the computer's event loop: a burst of steps when
# it is enabled, none while a second of simulated time passes. Programs that time something are to be stepped by whoever ticks the clock.
# Seen: steps when enabled 1000, after a simulated second 1000, after a turn of the event loop more. Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund rp2040js@1.4.1 >/dev/null
cat >seen.cjs <<'JAVASCRIPT'
const { RP2040 } = require("rp2040js");
const PIO0 = 0x50200000, CTRL = 0, INSTRUCTION_0 = 0x48, JUMP_TO_0 = 0;
const chip = new RP2040(), machine = chip.pio[0].machines[0];
chip.writeUint32(PIO0 + INSTRUCTION_0, JUMP_TO_0);
chip.writeUint32(PIO0 + CTRL, 1);
const enabled = machine.cycles;
chip.clock.tick(1e9);
const ticked = machine.cycles;
setTimeout(() => {
  console.log(`steps when enabled ${enabled}, after a simulated second ${ticked}, after a turn of the event loop ${machine.cycles}`);
  process.exit(enabled === 1000 && ticked === 1000 && machine.cycles > ticked ? 0 : 1);
}, 50);
JAVASCRIPT
node seen.cjs
