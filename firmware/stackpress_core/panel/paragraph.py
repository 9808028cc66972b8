"""A text that is longer than the room for it: broken at words into lines, and shown a few lines at a time, over and over."""

WINDOW_MS = 2500
LINES_MAX = 12


class Paragraph:
    """`set` a text; then `first(i)` and `count(i)` tell which characters stand in line `i` of the window that is due."""

    def __init__(self, width=21):
        self.width = width
        self.text = ""
        self.key = None
        self._starts = [0]
        self._since = 0

    def set(self, key, text, now):
        """A new key begins anew; the same key with another text goes on where it was."""
        if key != self.key:
            self.key, self._since = key, now
        elif text == self.text:
            return
        self.text = text
        self._starts = [0]
        at = self._next(0)
        while at < len(text) and len(self._starts) < LINES_MAX:
            self._starts.append(at)
            at = self._next(at)

    def _next(self, at):
        """Where the line after the one that begins at `at` begins."""
        end = at + self.width
        if end >= len(self.text):
            return len(self.text)
        while end > at and self.text[end] != " ":
            end -= 1
        if end == at:  # one long word
            return at + self.width
        return end + 1

    def line(self, i, lines, now):
        """Number of the line that stands in row `i` of a window of `lines`; may lie beyond the last."""
        windows = (len(self._starts) + lines - 1) // lines
        return i + lines * ((now - self._since) // WINDOW_MS % windows)

    def first(self, n):
        return self._starts[n] if n < len(self._starts) else 0

    def count(self, n):
        """Characters of line `n`, the blank at its end left out."""
        if n >= len(self._starts):
            return 0
        end = self._starts[n + 1] if n + 1 < len(self._starts) else min(len(self.text), self._starts[n] + self.width)
        if end > self._starts[n] and self.text[end - 1] == " ":
            end -= 1
        return min(end - self._starts[n], self.width)
