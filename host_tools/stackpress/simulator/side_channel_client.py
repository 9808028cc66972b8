"""Ask a simulated press that runs in another process, on its side channel: `stackpress sim fault NAME` and its like."""

import json
import socket
from pathlib import Path
from typing import Any

from stackpress.simulator.supervisor import SimError


def ask(path: Path | str, timeout_s: float = 60.0, **message: Any) -> dict[str, Any]:
    """One request, one answer; SimError if nobody is there, or if it refuses. `path` is from the registry."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(timeout_s + 5)
            client.connect(str(path))
            client.sendall(json.dumps({**message, "timeout_s": timeout_s}).encode() + b"\n")
            with client.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline() or b"{}")
    except OSError as error:
        raise SimError(f"the simulated press does not answer: {error}") from error
    if not answer.get("ok"):
        raise SimError(str(answer.get("error", "the simulated press ended")))
    return answer
