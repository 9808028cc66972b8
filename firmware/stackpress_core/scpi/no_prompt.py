"""What a program that wants MicroPython's prompt gets from a press that is not at rest: a line that says so, at once.

Such programs (mpremote) wait for the prompt's own words, some of them for ever. So these words are given, and then, in the place
of what their code would have said, the reason. They offer their code in pieces as large as the prompt asks for; this one asks for
none, so no code comes that would have to be told apart from lines of the language.
"""

RAW, RUN, PASTE, CR = 1, 4, 5, 13
PASTE_REST = b"A\x01"
BANNER = b"raw REPL; CTRL-B to exit\r\n>"
RESTARTED = b"OK\r\nMPY: soft reboot\r\n" + BANNER
NO_CODE = b"R\x01\x00\x00\x04\x04"  # code is taken in pieces of 0 bytes, and its end is already asked for; it has printed nothing


class NoPrompt:
    """Begins with a 0x03 that was not obeyed; `over` with the first byte that is none of the prompt's."""

    def __init__(self, put):
        self.put = put
        self.over = False
        self.owed = b""  # what was taken for the prompt's, and begins a line of the language
        self._rest = b""  # of a question for a way to send code
        self._ran = False
        self._before = 0

    def take(self, buf, count, why):
        """Answer what begins buf[:count]; gives how many bytes of it were for the prompt."""
        for i in range(count):
            if not self._take(buf[i], why):
                self.over = True
                return i
            self._before = buf[i]
        return count

    def _take(self, byte, why):
        if self._rest:
            wanted, self._rest = self._rest[0], self._rest[1:]
            if byte != wanted:
                self.owed = b"" if self._rest else PASTE_REST[:1]
            elif not self._rest:
                self.put(NO_CODE + why.encode() + b"\r\n\x04>")
                self._ran = True
            return byte == wanted
        if byte == RAW and self._before == CR:
            self.put(BANNER)
        elif byte == PASTE:
            self._rest = PASTE_REST
        elif byte == RUN:
            if not self._ran:
                self.put(RESTARTED)
            self._ran = False
        else:
            return byte == CR
        return True
