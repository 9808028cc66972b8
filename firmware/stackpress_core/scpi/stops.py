"""Where a line holds what stops the press: looked for in the bytes of every line as it comes, ahead of all that waits."""

import micropython


@micropython.viper
def unit_that_stops(buf, i: int, end: int) -> int:
    """Where in line[i:end] the first unit begins whose header is STOP, ABOR or ABORT, -1 if there is none. Its first letter."""
    line = ptr8(buf)  # noqa: F821
    quote = 0
    begins = 1
    while i < end:
        c = line[i]
        if quote:
            if c == quote:
                quote = 0
        elif c == 34 or c == 39:
            quote = c
            begins = 0
        elif c == 59:
            begins = 1
        elif begins and c > 32 and c != 58:
            begins = 0
            n = 0
            while i + n < end and (line[i + n] | 32) >= 97 and (line[i + n] | 32) <= 122:
                n += 1
            if n == 4 or n == 5:
                a = (line[i] | 32) << 8 | (line[i + 1] | 32)
                b = (line[i + 2] | 32) << 8 | (line[i + 3] | 32)
                if n == 4 and a == 0x7374 and b == 0x6F70 and (i + 4 == end or line[i + 4] <= 32 or line[i + 4] == 59):
                    return i
                if a == 0x6162 and b == 0x6F72 and (n == 4 or (line[i + 4] | 32) == 116):
                    return i
        i += 1
    return -1


@micropython.viper
def unit_end(buf, i: int, end: int) -> int:
    """Where the unit that begins at `i` ends: at a semicolon outside strings, or at `end`."""
    line = ptr8(buf)  # noqa: F821
    quote = 0
    while i < end:
        c = line[i]
        if quote:
            if c == quote:
                quote = 0
        elif c == 34 or c == 39:
            quote = c
        elif c == 59:
            return i
        i += 1
    return end
