# ruff: noqa: B007, B905, UP031 - MicroPython, written as a beginner would
"""The tick as one would first write it: floats, lists, a dict of limits, a PID class, machine.SPI. For comparison only.

It does what the press's tick does: read a frame and check its CRC, calibrate four cells piecewise, add up, judge as many rows, move
a set-point, control, write the DAC and the valves, keep statistics and a flight recorder. A pin is high while it works. The
converter's pins belong to a PIO program, so the frame is clocked in over the journal's bus: as many bytes, as much wire time.
"""

import machine

POINTS = [(-8000000.0, -36000.0), (0.0, 0.0), (1500000.0, 6600.0), (3000000.0, 13210.0), (5000000.0, 22010.0), (8000000.0, 35300.0)]
PERIOD_S = 1 / 4000
ROWS = 37  # as many as stackpress_core/tick/interlock.py has


class Pid:
    def __init__(self, kp, ki, kd, low, high):
        self.kp, self.ki, self.kd, self.low, self.high = kp, ki, kd, low, high
        self.integral = self.last_error = 0.0

    def step(self, error, dt):
        self.integral = min(max(self.integral + self.ki * error * dt, self.low), self.high)
        derivative = (error - self.last_error) / dt
        self.last_error = error
        return min(max(self.kp * error + self.integral + self.kd * derivative, self.low), self.high)


class Limit:
    def __init__(self, name, limit, debounce_s, reaction):
        self.name, self.limit, self.debounce_s, self.reaction = name, limit, debounce_s, reaction
        self.since = 0.0

    def judge(self, value, dt):
        self.since = self.since + dt if value > self.limit else 0.0
        return value > self.limit and self.since >= self.debounce_s


class Press:
    def __init__(self):
        self.spi = machine.SPI(0, baudrate=20000000, sck=machine.Pin(18), mosi=machine.Pin(19), miso=machine.Pin(16))
        self.busy = machine.Pin(8, machine.Pin.OUT, value=0)
        self.ready = machine.Pin(3, machine.Pin.IN)
        self.valves = [machine.Pin(n, machine.Pin.OUT, value=0) for n in (15, 22, 28)]
        self.switches = [machine.Pin(n, machine.Pin.IN) for n in (10, 11, 12, 13, 14)]
        self.pid = Pid(0.35, 7.5, 0.0, -66000.0, 66000.0)
        self.limits = [Limit("row %d" % n, 50000.0 + n, 0.005, "vent") for n in range(ROWS)]
        self.filtered = self.set_point = self.time = 0.0
        self.target, self.rate = 40000.0, 2000.0
        self.statistics = {"count": 0, "sum": 0.0, "min": 1e9, "max": -1e9}
        self.recorder = []
        self.tripped = None

    def crc(self, data):
        crc = 0xFFFF
        for byte in data:
            crc ^= byte << 8
            for _ in range(8):
                crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        return crc

    def force_of(self, code):
        for (x0, y0), (x1, y1) in zip(POINTS, POINTS[1:]):
            if code <= x1:
                break
        return y0 + (code - x0) * (y1 - y0) / (x1 - x0)

    def sense(self):
        frame = self.spi.read(18)
        self.good = self.crc(frame[:15]) == frame[15] << 8 | frame[16]
        codes = [int.from_bytes(frame[n : n + 3], "big") for n in (3, 6, 9, 12)]
        self.cells = [self.force_of(code - (1 << 24) if code & 0x800000 else code) for code in codes]
        self.force = sum(self.cells[:3])
        self.filtered += (self.force - self.filtered) * 0.06
        mean = self.force / 3
        self.imbalance = max([abs(cell - mean) for cell in self.cells[:3]]) / max(abs(mean), 1.0)

    def judge(self):
        opened = [pin.value() for pin in self.switches]
        signals = self.cells + opened + [self.force, self.imbalance, self.filtered - self.set_point]
        for n, limit in enumerate(self.limits):
            if limit.judge(signals[n % len(signals)], PERIOD_S) and not self.tripped:
                self.tripped = limit.name

    def act(self):
        left = self.target - self.set_point
        self.set_point += min(left, self.rate * PERIOD_S)
        drive = self.set_point + self.pid.step(self.set_point - self.filtered, PERIOD_S)
        code = int(min(max(drive / 66000.0, 0.0), 1.0) * 65535)
        self.spi.write(bytes([0, code >> 8, code & 255]))
        for pin, on in zip(self.valves, (not self.tripped, False, False)):
            pin.value(on)
        return code

    def record(self, code):
        s = self.statistics
        s["count"] += 1
        s["sum"] += self.force
        s["min"], s["max"] = min(s["min"], self.force), max(s["max"], self.force)
        self.recorder.append((self.time, self.force, self.set_point, code))
        if len(self.recorder) > 64:
            self.recorder.pop(0)

    def tick(self):
        self.busy.value(1)
        self.time += PERIOD_S
        self.sense()
        self.judge()
        self.record(self.act())
        self.busy.value(0)

    def run(self):
        while True:
            while self.ready.value():
                pass
            self.tick()


Press().run()
