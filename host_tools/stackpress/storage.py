"""What a press keeps: documents, programs, calibration and its journal.

Documents travel as base64 lines, because no byte of data may be a stop byte; they come back as blocks with a CRC-32.
"""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from .answers import DocumentInfo, LogState
from .errors import NoSuchProgram, PressRefused
from .scpi_text import quoted, split_answer, unquoted
from .session import Session, understood

PIECE = 192  # bytes of a document in one line
MISSING_FILE = -256
UNKNOWN_HEADER = -113


class Storage(Session):
    """The verbs about what is kept on the press."""

    # -- documents -------------------------------------------------------------------------------------------------

    @understood
    def documents(self) -> list[DocumentInfo]:
        """Every document on the press."""
        f = split_answer(self.query("DATA:CAT?"))
        groups = [f[i : i + 4] for i in range(0, len(f) - 3, 4)]
        return [DocumentInfo(unquoted(g[0]), g[1], int(g[2]), int(g[3])) for g in groups]

    @understood
    def document_get(self, name: str) -> bytes | None:
        """A document's JSON text, or None when the press has none that is whole."""
        try:
            return self._block(f"DATA:READ? {quoted(name)}")
        except PressRefused as error:
            if error.number == MISSING_FILE:
                return None
            raise

    def document_put(self, name: str, text: bytes | dict[str, Any], confirm: bool = False) -> None:
        """Send a document: all of it or nothing comes into force. `confirm` takes another board's calibration over.

        Raises PressRefused with the press's complaint; what was in force stays in force.
        """
        raw = text if isinstance(text, bytes) else json.dumps(text, separators=(",", ":"), ensure_ascii=True).encode()
        self.command(f"DATA:BEG {quoted(name)},{len(raw)},{zlib.crc32(raw)}")
        for at in range(0, len(raw), PIECE):
            self.command(f'DATA:PUT {at},"{base64.b64encode(raw[at : at + PIECE]).decode()}"')
        self.command("DATA:COMM CONF" if confirm else "DATA:COMM")
        self._fixed = None

    def document_delete(self, name: str) -> None:
        """Remove a document. Raises PressRefused."""
        self.command(f"DATA:DEL {quoted(name)}")

    def config_pull(self) -> dict[str, Any] | None:
        """The configuration document (device units), or None."""
        return _json(self.document_get("config"))

    def config_push(self, document: bytes | dict[str, Any]) -> None:
        """Put a configuration document in force. Raises PressRefused."""
        self.document_put("config", document)

    def ceilings(self) -> dict[str, Any] | None:
        """The ceilings document (device units), or None."""
        return _json(self.document_get("ceilings"))

    # -- programs --------------------------------------------------------------------------------------------------

    @understood
    def programs(self) -> list[str]:
        """Names of the programs on the press."""
        return strings(self.query("PROG:CAT?"))

    def program_get(self, name: str) -> dict[str, Any] | None:
        """A program's document (device units), or None."""
        return _json(self.document_get("program/" + name))

    def program_push(self, program: str | Path | dict[str, Any]) -> str:
        """Send a program: a TOML file, a ready-made one, or a dict of either form (that of a file, or the press's own); its name.

        What is written as in a file is checked first: ConfigError has every complaint. The press judges the whole
        against its limits: PressRefused names step and limit.
        """
        from . import program_limits, programs

        document = programs.document(program, program_limits.on(self))
        name = str(document.get("name", ""))
        self.document_put("program/" + name, programs.to_json(document))
        return name

    def program_ready(self, program: str | Path | dict[str, Any]) -> tuple[str, bool]:
        """(name on the press, whether it was sent): what is there already is not sent again. Raises NoSuchProgram and as above."""
        from . import programs

        if isinstance(program, str):
            there = self.programs()
            if program in there:
                return program, False
            if not program.endswith(".toml") and program not in programs.ready_made():
                raise NoSuchProgram(f"There is no program {program}.", programs.near(program, there))
        return self.program_push(program), True

    @understood
    def program_steps(self) -> int | None:
        """How many steps the press holds; None for a firmware that does not tell."""
        try:
            return int(self.query("PROG:STEP?"))
        except PressRefused as error:
            if error.number != UNKNOWN_HEADER:
                raise
            return None

    def program_delete(self, name: str) -> None:
        """Remove a program. Raises PressRefused."""
        self.command(f"PROG:DEL {quoted(name)}")

    # -- calibration and service -----------------------------------------------------------------------------------

    @understood
    def cell_code(self, cell: int) -> int:
        """The converter's code of a cell (from 1), signed 24 bit, as it is now."""
        return int(self.query(f"CAL:CODE{cell}?"))

    def calibration_zero(self) -> None:
        """Take the commissioning zero: nothing may rest on the cells. Raises PressRefused."""
        self.command("CAL:ZERO")

    def calibration_tare(self) -> None:
        """Set the displayed force to zero; the safety bands keep the commissioning zero. Raises PressRefused."""
        self.command("CAL:TARE")

    @understood
    def has_code(self) -> bool | None:
        """Whether the owner has set a code; None for a firmware that knows no owner."""
        try:
            return self.query("SYST:PASS:SET?") == "1"
        except PressRefused as error:
            if error.number != UNKNOWN_HEADER:
                raise
            return None

    def service_enter(self, code: str) -> None:
        """Enter service with the owner's code. Raises PressRefused; a wrong code makes the next try wait."""
        self.command(f"SYST:PASS:CEN {quoted(code)}")

    def service_leave(self) -> None:
        """Leave service. A press that has left it by itself does not mind."""
        self.command("SYST:PASS:CDIS")

    def service_set(self, before: str, code: str) -> None:
        """Set the owner's code; `before` is the one until now, empty if there is none. Raises PressRefused."""
        self.command(f"SYST:PASS:NEW {quoted(before)},{quoted(code)}")

    def service_forget(self) -> None:
        """Forget the code, while a hand holds BOOTSEL on the board. Raises PressRefused."""
        self.command("SYST:PASS:FORG")

    # -- log -------------------------------------------------------------------------------------------------------

    @understood
    def log_state(self) -> LogState:
        """Where the journal stands."""
        fields = [int(field) for field in self.query("LOG:STAT?").split(",")]
        first, after, pulled, overwritten, dropped, origin = fields[:6]
        return LogState(first, after, pulled, overwritten, dropped, origin, closing=fields[6:7] == [1])

    @understood
    def log_missing(self) -> str:
        """Why the press keeps its log in RAM only, where the power takes it along; empty if it does not."""
        try:
            return unquoted(self.query("LOG:MISS?"))
        except PressRefused as error:
            if error.number != UNKNOWN_HEADER:
                raise
            return ""  # an older firmware

    @understood
    def store_told(self) -> str:
        """How the press found its store of documents at this start; empty if as it was left."""
        try:
            return unquoted(self.query("DATA:STOR?"))
        except PressRefused as error:
            if error.number != UNKNOWN_HEADER:
                raise
            return ""  # an older firmware

    @understood
    def log_read(self, seq: int, most: int = 4096) -> bytes:
        """Whole records from `seq` on, at most `most` bytes (512 .. 4096); empty when there are none yet."""
        return self._block(f"LOG:READ? {seq},{most}")

    def log_pulled(self, seq: int) -> None:
        """Every record up to `seq` is safe on this computer. Of a press that is served only its service says that."""
        if self.link.served:
            return
        self.command(f"LOG:PULL {seq}")


def strings(answer: str) -> list[str]:
    return [] if answer == '""' else [unquoted(part) for part in split_answer(answer)]


def _json(text: bytes | None) -> dict[str, Any] | None:
    if text is None:
        return None
    found: dict[str, Any] = json.loads(text)
    return found
