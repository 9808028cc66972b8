"""Whether the journal has lost anything: the whole log pulled over the port, decoded as the host tool does."""

from typing import Any

from hil_tests.bench.board.rig import Rig


def losses(rig: Rig) -> dict[str, Any]:
    """Records pulled, missing in the stream, dropped by the press; bytes that did not decode."""
    from stackpress.logs.decode import decode

    found = decode(rig.host.pull())
    state = [int(x) for x in rig.host.ask("LOG:STAT?").split(b",")]
    dense = found.samples["t_s"] + found.samples["t_ms"] / 1000
    gaps = [float(b - a) for a, b in zip(dense, dense[1:], strict=False)]
    return {"sample_gap_ms_max": 1000 * max(gaps[3:], default=float("nan")), "records_pulled": found.count,
            "records_missing": found.missing, "records_dropped": state[4],
            "records_overwritten": state[3], "log_bad_bytes": found.bad_bytes}  # fmt: skip
