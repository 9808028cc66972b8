// An image on rp2040js, its USB port on this process's standard input and output: node chip.cjs IMAGE.uf2 BOOTROM.bin
//
// What rp2040js leaves out is added: PIO programs run on simulated time, the flash can be written (nor.cjs), the host of the USB
// port (usb.cjs), and a restart by the watchdog. Four times in a simulated second a line of JSON on the standard error says how far it is.

const fs = require("fs");
const { RP2040, USBCDC } = require("rp2040js");
const { Nor, Pads, Registers, Ssi } = require("./nor.cjs");
const { Host } = require("./usb.cjs");

const FLASH = 0x10000000, FLASH_BYTES = 2 << 20, CYCLE_NS = 8; // a Pico's, 125 MHz
const LOOK_NS = 1e5, TELL_NS = 2.5e8, IDLE_CYCLES = 4;
const TICK = 16 + 7; // PIO0_IRQ_0: its exception number (RP2040 data sheet 2.3.2)
const HAD_POWER_ON = 1 << 8, CHIP_RESET = 8; // data sheet 2.12.8
const QUIET = { debug() {}, info() {}, warn() {}, error(from, text) { fs.writeSync(2, `${from}: ${text}\n`); } };

// UF2: blocks of 512 bytes, address at 12, size at 16, data from 32.
function flashed(image) {
  const memory = new Uint8Array(FLASH_BYTES).fill(0xff);
  for (let at = 0; at < image.length; at += 512) {
    const address = image.readUInt32LE(at + 12) - FLASH;
    memory.set(image.subarray(at + 32, at + 32 + image.readUInt32LE(at + 16)), address);
  }
  return memory;
}

// The state machines of a block, on the processor's cycles: each at its own divider, delays included.
class Programs {
  constructor(pio) {
    this.pio = pio;
    this.owed = [0, 0, 0, 0];
    pio.run = () => {}; // its own is a timer of the computer's
  }

  advance(cycles) {
    const { pio, owed } = this;
    if (pio.stopped) return;
    for (let n = 0; n < 4; n++) {
      const machine = pio.machines[n];
      if (!machine.enabled) continue;
      const period = (machine.clockDivInt || 65536) + machine.clockDivFrac / 256;
      for (owed[n] += cycles; owed[n] >= period; ) {
        const before = machine.cycles;
        machine.step();
        owed[n] -= period * Math.max(1, machine.cycles - before);
      }
    }
    pio.checkChangedPins();
  }
}

class Board {
  constructor(memory, rom, watchdog) {
    const chip = (this.chip = new RP2040());
    chip.logger = QUIET;
    chip.loadBootrom(rom);
    chip.flash.set(memory);
    this.nor = new Nor(chip.flash.subarray(0, FLASH_BYTES), chip.clock);
    const ssi = new Ssi(this.nor), dog = chip.peripherals[0x40058];
    chip.peripherals[0x18000] = ssi;
    chip.peripherals[0x40018] = new Pads(ssi);
    chip.peripherals[0x40064] = new Registers({ [CHIP_RESET]: watchdog ? 0 : HAD_POWER_ON });
    if (watchdog) Object.assign(dog, { scratchData: watchdog.scratchData, reason: watchdog.reason });
    dog.onWatchdogTrigger = () => (this.ended = dog);
    this.programs = chip.pio.map((pio) => new Programs(pio));
    this.host = new Host(chip, new USBCDC(chip.usbCtrl), deliver);
    this.host.cdc.onDeviceConnected = () => (told.connected_ms = told.connected_ms || chip.clock.nanos / 1e6);
    this.entered = -1;
    chip.core.PC = FLASH;
  }

  // One instruction, or a few cycles of waiting for an interrupt.
  step() {
    const { core, clock } = this.chip;
    const cycles = core.waiting ? IDLE_CYCLES : core.executeInstruction();
    clock.tick(cycles * CYCLE_NS);
    for (const each of this.programs) each.advance(cycles);
    if ((core.IPSR === TICK) === this.entered < 0) this.tick(clock.nanos);
  }

  tick(now) {
    if (this.entered >= 0) {
      told.ticks++;
      told.worst_tick_us = Math.max(told.worst_tick_us, (now - this.entered) / 1e3);
    }
    this.entered = this.entered < 0 ? now : -1;
  }
}

const told = { seconds: 0, connected_ms: 0, ticks: 0, worst_tick_us: 0, starts: 1, programs: 0, erases: 0, risen: 0, refused: 0 };
let unsent = Buffer.alloc(0);

// To whoever has the port open; a full pipe is a host that does not read.
function deliver(bytes) {
  unsent = Buffer.concat([unsent, bytes]);
  try {
    while (unsent.length) unsent = unsent.subarray(fs.writeSync(1, unsent));
  } catch (error) {
    if (error.code !== "EAGAIN") throw error;
  }
  return unsent.length < 4096;
}

function received() {
  const buffer = Buffer.alloc(4096);
  try {
    return buffer.subarray(0, fs.readSync(0, buffer));
  } catch (error) {
    if (error.code !== "EAGAIN" && error.code !== "EIO") throw error; // EIO: nobody has the other end
    return buffer.subarray(0, 0);
  }
}

function main([image, romFile]) {
  const bytes = fs.readFileSync(romFile), rom = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let board = new Board(flashed(fs.readFileSync(image)), rom, null), before = 0, look = 0, tell = 0;
  for (;;) {
    const { nanos } = board.chip.clock;
    board.step();
    if (nanos >= look) {
      look = nanos + LOOK_NS;
      board.host.send(received());
    }
    if (nanos >= tell || board.ended) {
      tell = nanos + TELL_NS;
      const { programs, erases, risen, refused } = board.nor;
      fs.writeSync(2, JSON.stringify({ ...told, seconds: before + nanos / 1e9, programs, erases, risen, refused }) + "\n");
    }
    if (!board.ended) continue;
    before += nanos / 1e9;
    look = tell = 0;
    told.starts++;
    board = new Board(board.nor.memory, rom, board.ended);
  }
}

main(process.argv.slice(2));
