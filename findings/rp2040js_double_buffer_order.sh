#!/bin/sh
# rp2040js 1.4.1: of two packets that a device arms in one double buffer, the host is given the second one first. The RP2040 sends
# buffer 0, then buffer 1 (RP2040 data sheet 4.1.2). TinyUSB arms both for an answer of more than 64 bytes, so its bytes change places.
# Seen: "second first". Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund rp2040js@1.4.1 >/dev/null
cat >seen.cjs <<'JAVASCRIPT'
const { RP2040 } = require("rp2040js");
const DPRAM = 0x50100000, EP2_IN_CONTROL = 0x10, EP2_IN_BUFFERS = 0x90, AT = 0x180;
const ENABLE = 2 ** 31, DOUBLE = 2 ** 30, BULK = 2 << 26, READY = (1 << 15) | (1 << 10); // full, available
const chip = new RP2040(), got = [];
chip.usbCtrl.onEndpointWrite = (endpoint, bytes) => got.push(Buffer.from(bytes).toString());
chip.usbDPRAM.set(Buffer.from("first"), AT);
chip.usbDPRAM.set(Buffer.from("second"), AT + 64);
chip.writeUint32(DPRAM + EP2_IN_CONTROL, ENABLE + DOUBLE + BULK + AT);
chip.writeUint32(DPRAM + EP2_IN_BUFFERS, ((READY | 6) * 65536 + (READY | 5)) >>> 0);
chip.clock.tick(1e6);
console.log(got.join(" "));
process.exit(got.join(" ") === "second first" ? 0 : 1);
JAVASCRIPT
node seen.cjs
