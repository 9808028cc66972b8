"""Keep a simulated press on a serial device: the pty, the process that runs the firmware, and a side channel.

A board's USB port survives the firmware's restart, so the pty belongs to this process and not to the firmware's: its master
end stays open here, and each start of the firmware inherits it as its serial port. The side channel is
what a laboratory is to a real press - power switch, specimen, faults, clock - and never what the host tool speaks through.
"""

import contextlib
import itertools
import json
import os
import pty
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackpress_core.log.records import RESET_CAUSES
from stackpress_plant import load
from stackpress_sim import request_table

from stackpress import paths, revision
from stackpress.simulator import firmware_copy, native_ticks, registry
from stackpress.simulator.prompt_relay import PromptRelay
from stackpress.simulator.settings import Settings, SimError
from stackpress.simulator.side_channel_server import Lines, SideChannelServer

__all__ = ["Settings", "SimError", "Supervisor"]

STAGED = paths.ROOT / "build" / "firmware64"
# -P: the folder that it runs in is the press's, or the user's, and no Python file in it is ours
MICROPYTHON = (sys.executable, "-P", "-c", "import sys, micropython_module; sys.exit(micropython_module.run_main(sys.argv))")

EXIT_RESET, EXIT_REPL, EXIT_BACK = 0, 3, 4  # reset; make way for the prompt; from the prompt back to main.py
POWER, RESET, _, CRASH = RESET_CAUSES  # why a firmware starts, as its log has it
CRASHES_ALLOWED = 3  # starts in a row that may fail at once before the supervisor gives up
AT_ONCE_S = 1.0


class Supervisor:
    """Owner of the pty and of the firmware's process; `start()`, then `request()` from any thread, then `close()`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.spec = load.plant(settings.plant, settings.specimen, settings.overrides)
        self._pace = {"pace": settings.pace, "speed": settings.speed}
        self._own_state = tempfile.TemporaryDirectory(prefix="stackpress-") if settings.state_dir is None else None
        self.state_dir = Path(self._own_state.name if self._own_state else str(settings.state_dir)).resolve()
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self._firmware = STAGED if paths.IN_CHECKOUT else self.state_dir / "firmware64"
        firmware_copy.copy(paths.SIMULATED, self._firmware)
        self.firmware_hash = firmware_copy.tree_hash(paths.SIMULATED)
        self._native = native_ticks.find() if settings.native else None
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        os.close(self._slave)  # only so is it known when the last host has closed it
        self._slave = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._side_channel: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._server = SideChannelServer(self._selector, self.request)
        self._ids = itertools.count(1)
        self._waiting: dict[int, Any] = {}
        self._answers = threading.Condition()
        self._lock = threading.RLock()
        self._wanted_cause = ""
        self._relay: PromptRelay | None = None
        self._unread = b""  # what a host typed behind the 0x03 that the firmware obeyed
        self._closing = False
        self._failures: deque[float] = deque(maxlen=CRASHES_ALLOWED)
        self.failed = ""
        self.starts = 0
        self._registered: Path | None = None
        self._thread = threading.Thread(target=self._serve, name="sim-supervisor", daemon=True)

    # --- life ---

    @property
    def identity(self) -> str:
        """What the board answers to *IDN?, and what a calibration is bound to."""
        return f"SIM-{self.settings.name}"

    @property
    def fresh(self) -> bool:
        """Whether this press has never been given a document."""
        store = self.state_dir / "store"
        return not store.exists() or not any(store.iterdir())

    def start(self) -> "Supervisor":
        self._launch(POWER)
        if self.settings.register:
            self._registered = registry.add(self.settings.name, self.port, self._server.path)
        self._thread.start()
        return self

    def wait(self) -> None:
        """Until the supervisor gives up or is closed by another thread."""
        while self._thread.is_alive() and not self.failed:
            time.sleep(0.1)

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        with self._lock:
            self._stop_process(signal.SIGTERM)
        if self._registered:
            self._registered.unlink(missing_ok=True)
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        self._hold(False)
        os.close(self._master)
        self._server.close()
        if self._own_state:
            self._own_state.cleanup()

    def __enter__(self) -> "Supervisor":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the side channel ---

    def request(self, timeout_s: float = 60.0, **message: Any) -> dict[str, Any]:
        """Ask on the side channel, wait for its answer; SimError if it refuses or does not answer in time."""
        asked = str(message.get("do", ""))
        wrong = request_table.complaint(asked, [key for key in message if key != "do"])
        if wrong:
            raise SimError(wrong)
        if asked == "restart":
            return self._power_cycle(str(message.get("cause", POWER)), timeout_s)
        if asked == "specimen":
            message["specimen"] = self._specimen(str(message["specimen"]))
        number = next(self._ids)
        with self._answers:
            self._waiting[number] = None
        self._send({**message, "id": number})
        with self._answers:
            answered = self._answers.wait_for(lambda: self._waiting[number] is not None or bool(self.failed), timeout_s)
            answer = self._waiting.pop(number)
        if not answered or answer is None:
            raise SimError(self.failed or f"the simulated press did not answer {message} within {timeout_s} s")
        if not answer.get("ok"):
            raise SimError(str(answer.get("error", answer)))
        self._keep(message)
        return dict(answer)

    def _keep(self, message: Mapping[str, Any]) -> None:
        """What a power failure does not change: the specimen that lies there, and how fast time goes by."""
        if message["do"] == "specimen":
            self.spec["specimen"] = message["specimen"]
        elif message["do"] == "pace":
            self._pace = {"pace": message["mode"], "speed": message.get("speed", 1.0)}

    def _power_cycle(self, cause: str, timeout_s: float) -> dict[str, Any]:
        """Pull the plug, as a laboratory's mains would; return when the firmware runs again."""
        if cause not in RESET_CAUSES:
            raise SimError(f"a restart's cause is one of {', '.join(RESET_CAUSES)}, not {cause}")
        before = self.starts
        self._wanted_cause = cause
        self._stop_process(signal.SIGKILL)
        with self._answers:
            if not self._answers.wait_for(lambda: self.starts > before or bool(self.failed), timeout_s) or self.failed:
                raise SimError(self.failed or "the simulated press did not start again")
        return self.request(timeout_s, do="hello")

    def _send(self, message: Mapping[str, Any]) -> None:
        with self._lock:
            if self._side_channel is not None:
                with contextlib.suppress(OSError):
                    self._side_channel.sendall(json.dumps(message).encode() + b"\n")

    def _answered(self, line: bytes) -> None:
        answer = json.loads(line)
        self._unread = bytes.fromhex(answer.get("unread", ""))
        with self._answers:
            if self._waiting.get(answer.get("id"), 0) is None:
                self._waiting[answer["id"]] = answer
                self._answers.notify_all()

    def _specimen(self, name: str) -> dict[str, Any]:
        try:
            return load.load_specimen(name, self.spec["frame_stiffness_cn_um"], self.spec["stiffness_scale_permille"])
        except load.PlantFileError as error:
            raise SimError(str(error)) from error

    def _fail_waiting(self, why: str) -> None:
        with self._answers:
            for number, answer in self._waiting.items():
                self._waiting[number] = answer or {"ok": False, "error": why}
            self._answers.notify_all()

    # --- the firmware's process ---

    def _launch(self, cause: str, prompt: bool = False) -> None:
        """Start the firmware, or a bare MicroPython prompt, on the same port."""
        if self._relay is not None:
            self._relay.close()
        self._hold(prompt)
        self._relay = PromptRelay(self._selector, self._master) if prompt else None
        port = self._relay.theirs.fileno() if self._relay else self._master
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        wired = {**self._board_settings(), "cause": cause, "side_channel_fd": theirs.fileno()}
        settings_file = self.state_dir / "board.json"
        settings_file.write_text(json.dumps(wired))
        environment = {
            **os.environ,
            "MICROPYPATH": ":".join(str(place) for place in (self._firmware, self._native, ".frozen") if place),
            "STACKPRESS_SIM": str(settings_file),
        }
        program = ["-i", str(paths.BOARDS / "sim" / "prompt.py")] if prompt else [str(self._firmware / "main.py")]
        with (self.state_dir / "firmware.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*MICROPYTHON, "-X", f"heapsize={self.settings.heap}", *program],
                stdin=port, stdout=port, stderr=log, env=environment, cwd=self.state_dir,
                pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip
        theirs.close()
        if self._relay:
            self._relay.theirs.close()
        self._side_channel = ours
        with self._answers:
            self.starts += 1
            self._answers.notify_all()
        self._selector.register(ours, selectors.EVENT_READ, Lines(ours, self._answered, self._exited))

    def _hold(self, held: bool) -> None:
        """A prompt keeps the port's other end open: it does not care who comes and goes."""
        if held and self._slave < 0:
            self._slave = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        elif not held and self._slave >= 0:
            os.close(self._slave)
            self._slave = -1

    def _board_settings(self) -> dict[str, Any]:
        s = self.settings
        return {
            "name": s.name, "state": str(self.state_dir), "plant": self.spec, "seed": s.seed,
            **self._pace, "wall": s.wall, "truth": s.truth, "flash_bytes": s.flash_bytes,
            "native": self._native is not None,
            "firmware_hash": self.firmware_hash, "git": revision.git_hash(paths.ROOT),
        }  # fmt: skip

    def _exited(self) -> None:
        """The side channel ended, so the process did: start it again, as a board does."""
        with self._lock:
            if self._side_channel is not None:
                self._selector.unregister(self._side_channel)
                self._side_channel.close()
                self._side_channel = None
            assert self._process is not None
            code = self._process.wait()
            wanted, self._wanted_cause = self._wanted_cause, ""
            crashed = not wanted and code not in (EXIT_RESET, EXIT_REPL, EXIT_BACK)
            self._fail_waiting("the firmware crashed:\n" + self._last_words() if crashed else "the firmware restarted")
            if self._closing:
                return
            if not crashed:
                self._restart(code, wanted or RESET)
            elif not self._gives_up(code):
                self._restart(code, CRASH)

    def _restart(self, code: int, cause: str) -> None:
        """What follows an exit: the firmware again, or MicroPython's prompt if the firmware made way for it."""
        if code == EXIT_REPL and self._relay is None:
            self._launch(cause, prompt=True)
            self._type(self._unread)
        elif code == EXIT_RESET and self._relay is not None:  # Ctrl-D: a soft reset, which stays at a raw prompt only
            raw = self._relay.raw
            self._relay.close()
            self._relay = None
            os.write(self._master, b"MPY: soft reboot\r\n")
            self._launch(cause, prompt=raw)
            self._type(b"\x01" if raw else b"")
        else:
            self._launch(cause)

    def _type(self, data: bytes) -> None:
        if self._relay is not None:
            self._relay.type(data)

    def _gives_up(self, code: int) -> bool:
        now = time.monotonic()
        self._failures.append(now)
        if len(self._failures) < CRASHES_ALLOWED or now - self._failures[0] > CRASHES_ALLOWED * AT_ONCE_S:
            return False
        self._give_up(f"the firmware keeps crashing (exit code {code}):\n{self._last_words()}")
        return True

    def _give_up(self, why: str) -> None:
        self.failed = why
        with self._answers:
            self._answers.notify_all()

    def _last_words(self) -> str:
        """The end of what the firmware wrote to its standard error: a traceback, if it crashed."""
        return (self.state_dir / "firmware.log").read_text(errors="replace")[-2000:]

    def _stop_process(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    # --- the thread ---

    def _serve(self) -> None:
        try:
            while not self._closing:
                for key, _ in self._selector.select(timeout=0.1):
                    if any(one is key for one in self._selector.get_map().values()):  # else an earlier event ended it
                        key.data()
        except BaseException as error:  # raised on; nobody starts the press again now, so whoever waits for it is told
            self._give_up(f"nobody looks after the simulated press any more: {error!r}")
            raise
