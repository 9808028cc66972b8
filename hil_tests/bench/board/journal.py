"""The journal's chip: whether it has lost anything (the whole log pulled over the port, decoded as the host tool does), and one
that was written before, so that nobody has to wait until a press has logged that much."""

from typing import Any

from hil_tests.bench.board.rig import Rig

CHIP_BYTES = 1 << 18
SAMPLES = 2000  # two thirds of the chip: what is pulled begins anew a few times a second, not for every other block


def written() -> bytearray:
    """A chip with the samples of a start of before."""
    from stackpress_core.log import packing, records
    from stackpress_core.log.journal import Journal
    from stackpress_sim.nor_file import NorFile

    chip = NorFile(None, CHIP_BYTES)
    journal = Journal(chip, 1)
    counts = [int(field[1][:-1] or "0") for field in records.SAMPLE_FIELDS]
    for n in range(SAMPLES):
        journal.append(records.SAMPLE, packing.pack(records.SAMPLE, [[n] * count if count else n for count in counts]))
        journal.flush()
    memory = bytearray(CHIP_BYTES)
    chip.read(0, memory)
    return memory


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
