"""The loop of the simulated press: ticks in batches, each {plant, core}, and a pass of the foreground whenever one is due.

A batch ends at the next moment for which the foreground or the side channel has asked, and in the tick in which a word changed that
somebody must act on (watch.py). Press time depends on nothing but the number of ticks: the same commands at the
same press times give the same result, bit for bit.
"""

import gc
import select

from stackpress_core.tick import blackboard

from stackpress_sim import watch
from stackpress_sim.pace import FAST, HOLD

GARBAGE_BYTES = 1 << 22  # is collected: a collection marks all that is in use, however little it finds
FIRST_MS = 5  # a press whose time stands still has sampled for so long all the same
POLL_TURNS = 8  # as fast as it goes, a byte is looked for once in so many turns: well under a millisecond
AWAY_MS = 5  # while nobody has the port open it is looked at so often
QUIET_PASSES = 40  # passes without a byte moved after which a press whose time stands still may sleep
T_SECOND, T_SUB, HZ = (blackboard.AT[name] for name in ("T_SECOND", "T_SUB", "HZ"))


class Loop:
    def __init__(self, board, press):
        self._board, self._press, self._plant, self._truth = board, press, board.plant, board.truth
        self._pace, self._serial, self._side_channel, self._broken = board.pace, board.serial, board.side_channel, board.broken
        self._poll = select.poll()
        self._poll.register(self._serial.stream, select.POLLIN)
        self._poll.register(self._side_channel.stream, select.POLLIN)
        self._alone = select.poll()
        self._alone.register(self._side_channel.stream, select.POLLIN)
        press.scheduler.watch = self._plant.watch
        self._due_ms = 0  # press time of the next pass of the foreground
        self._quiet = self._moved = 0

    def run(self):
        """Until the prompt is wanted; a configuration may set another tick rate."""
        press, plant = self._press, self._plant
        gc.threshold(GARBAGE_BYTES)
        hz = 0
        try:
            while not press.wants_prompt:
                if press.S[HZ] != hz:
                    hz = press.S[HZ]
                    plant.at_rate(hz)
                    plant.run(max(1, hz * FIRST_MS // 1000))
                    self._foreground(self._board.press_ms(), True, True)
                if self._pace.mode == FAST:
                    self._hurry(hz)
                else:
                    self._turn(hz)
        finally:
            self._truth.flush()

    def _hurry(self, hz):
        """Turns as fast as they go, as long as nobody asks for another pace, tick rate or the prompt."""
        pace, s, plant, truth = self._pace, self._press.S, self._plant, self._truth
        server, serial, woken, until_poll = self._press.server, self._serial, plant.watch.words, 0
        while pace.mode == FAST and s[HZ] == hz and not server.wants_repl:
            until_poll -= 1
            if until_poll < 0:
                until_poll = POLL_TURNS - 1
                self._look(0)
                if self._side_channel.ready:
                    truth.flush()
                    self._side_channel.service()
                    continue
            ends = self._due_ms if pace.until is None or self._due_ms < pace.until else pace.until
            count = (ends * hz + 999) // 1000 - s[T_SECOND] * hz - s[T_SUB]
            plant.run(count if count > 0 else 1)
            now = s[T_SECOND] * 1000 + s[T_SUB] * 1000 // hz
            if woken[0] == watch.TEXT:
                truth.flush()
            if pace.until is not None and now >= pace.until:
                truth.flush()
                pace.passed(now)
            changed = woken[0] == watch.BLACKBOARD
            moved = changed or now >= self._due_ms
            if moved or serial.ready:
                self._foreground(now, moved, changed or serial.ready)
        self._quiet = 0  # what it has to finish, and to answer, does not wait for a byte

    def _turn(self, hz):
        """At the wall's pace, or while press time stands still."""
        pace, s = self._pace, self._press.S
        self._wait()
        if self._side_channel.ready:
            self._truth.flush()
            self._side_channel.service()
            if pace.mode == FAST:
                return
        count = max(1, (self._due_ms * hz + 999) // 1000 - s[T_SECOND] * hz - s[T_SUB])
        count = min(count, pace.room_us() * hz // 1000000)
        if not count:
            self._foreground(self._board.press_ms(), False, True)
            return
        pace.ran(self._plant.run(count) * 1000000 // hz)
        self._truth.flush()
        self._quiet = 0
        self._act(s[T_SECOND] * 1000 + s[T_SUB] * 1000 // hz, self._plant.watch.words[0] == watch.BLACKBOARD)

    def _act(self, now, changed):
        """After a batch: a pass if a word has changed, a moment has come or a byte has."""
        moved = changed or now >= self._due_ms
        heard = changed or self._serial.ready
        if moved or heard:
            self._foreground(now, moved, heard)

    def _foreground(self, now, moved, heard):
        broken = self._broken
        if not broken.hangs or not broken.still_hangs(now):
            press = self._press
            press.foreground(self._board.wall_ms(now), moved, heard)
            self._due_ms = press.scheduler.next_ms
        else:
            self._due_ms = now + FIRST_MS
        if broken.on:
            broken.raise_crash()
        if self._pace.mode == FAST:
            return
        self._quiet = self._quiet + 1 if self._serial.activity == self._moved else 0
        self._moved = self._serial.activity

    def _wait(self):
        """Sleep until a byte comes or press time may go on; a press that stands still finishes what it has first."""
        timeout_ms = 0 if self._pace.mode == HOLD and self._quiet < QUIET_PASSES else self._pace.wait_ms()
        if not self._serial.open and timeout_ms:  # a poll would not wait for a port that is hung up
            self._alone.poll(AWAY_MS if timeout_ms < 0 else min(timeout_ms, AWAY_MS))
            timeout_ms = 0
        self._look(timeout_ms)

    def _look(self, timeout_ms):
        for stream, what in self._poll.ipoll(timeout_ms):
            if stream is self._serial.stream:
                self._serial.polled(bool(what & select.POLLIN))
            else:
                self._side_channel.ready = True
