// The host on the other end of the chip's USB port: one bulk packet in its turn, 19 a millisecond (USB 2.0 table 5-9).
//
// rp2040js answers each read at once with what there is, nothing included, and gives the two halves of a double buffer in the
// wrong order. Here a read waits until the host has bytes, and the halves go as they are armed (RP2040 data sheet 4.1.2).

const FRAME_NS = 1e6, PACKET_NS = FRAME_NS / 19;
const CONTROLS = 0x80, AVAILABLE = 1 << 10, FULL = 1 << 15, LENGTH = 0x3ff, DOUBLE = 1 << 30, SECOND = 64;
const DEV_SOF = 1 << 17, SOF_RD = 0x48;

class Host {
  // `deliver(bytes)` says whether the host could take them.
  constructor(chip, cdc, deliver) {
    Object.assign(this, { chip, cdc, deliver, usb: chip.usbCtrl, toHost: [], toChip: [], waiting: -1 });
    const { usb } = this, others = usb.DPRAMUpdated.bind(usb), read = usb.readUint32.bind(usb);
    usb.DPRAMUpdated = (offset, value) => this.armed(offset, value) || others(offset, value);
    usb.onEndpointRead = (endpoint, size) => {
      if (endpoint && endpoint === cdc.outEndpoint) this.waiting = size;
    };
    usb.readUint32 = (offset) => {
      if (offset === SOF_RD) this.frame(false);
      return read(offset);
    };
    this.every(PACKET_NS, () => this.packet());
    this.every(FRAME_NS, () => usb.intEnable & DEV_SOF && this.frame(true));
  }

  every(ns, work) {
    const alarm = this.chip.clock.createAlarm(() => {
      alarm.schedule(ns);
      work();
    });
    alarm.schedule(ns);
  }

  // Start of frame; reading the frame's number clears it.
  frame(began) {
    const { usb } = this;
    usb.intRaw = began ? usb.intRaw | DEV_SOF : usb.intRaw & ~DEV_SOF;
    usb.checkInterrupts();
  }

  send(bytes) {
    this.toChip.push(...bytes);
  }

  armed(offset, value) {
    const endpoint = (offset - CONTROLS) >> 3;
    if (endpoint < 1 || offset >= CONTROLS + 128 || offset & 4 || !(value & AVAILABLE)) return false;
    const double = this.usb.readEndpointControlReg(endpoint, false) & DOUBLE && (value >> 16) & AVAILABLE;
    this.chip.usbDPRAMView.setUint32(offset, value & ~(AVAILABLE | (AVAILABLE << 16)), true);
    this.toHost.push([endpoint, 0, value & LENGTH, !double]);
    if (double) this.toHost.push([endpoint, 1, (value >> 16) & LENGTH, true]);
    return true;
  }

  packet() {
    if (this.waiting >= 0 && this.toChip.length) {
      const size = this.waiting;
      this.waiting = -1;
      this.usb.finishRead(this.cdc.outEndpoint, Uint8Array.from(this.toChip.splice(0, size)));
    } else if (this.toHost.length) this.take(...this.toHost[0]);
  }

  take(endpoint, half, size, told) {
    const { chip, usb } = this, control = CONTROLS + 8 * endpoint;
    const at = usb.getEndpointBufferOffset(endpoint, false) + SECOND * half;
    if (endpoint === this.cdc.inEndpoint && !this.deliver(chip.usbDPRAM.slice(at, at + size))) return;
    this.toHost.shift();
    chip.usbDPRAMView.setUint32(control, chip.usbDPRAMView.getUint32(control, true) & ~(FULL << (16 * half)), true);
    if (told) usb.indicateBufferReady(endpoint, false);
  }
}

module.exports = { Host };
