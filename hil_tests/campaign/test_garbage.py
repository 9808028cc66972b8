"""Garbage: every parser reads its own first inputs, what new lines are come to is kept, a crash and a hang are found."""

import random
from pathlib import Path

import pytest

from hil_tests.campaign import garbage


def fuzzer(reads: object, *seeds: bytes) -> garbage.Fuzzer:
    parser = garbage.Parser("planted", 1.0, 64, seeds, (b"k",), reads)  # type: ignore[arg-type]
    return garbage.Fuzzer(parser, random.Random(1))


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "FOUND", tmp_path)


def test_each_parser_takes_what_is_right_and_some_garbage() -> None:
    for parser in garbage.parsers():
        one = garbage.Fuzzer(parser, random.Random(2))
        one.kept = list(parser.seeds)
        for data in (*parser.seeds[:3], *(one.mutated() for _ in range(5))):
            parser.reads(data)


def test_shares_are_all_of_the_bytes() -> None:
    assert sum(parser.share for parser in garbage.parsers()) == pytest.approx(1)


def test_a_crash_and_a_hang_are_counted_and_their_input_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weak(data: bytes) -> None:
        if b"k" in data:
            raise IndexError("planted")
        while b"h" in data:
            pass

    monkeypatch.setattr(garbage, "HANG_S", 1)
    one = fuzzer(weak)
    for data in (b"a", b"xkx", b"h"):
        one.one(data, False)
    assert (one.crashes, one.hangs, one.inputs) == (1, 1, 3)
    assert (tmp_path / "planted_1").read_bytes() == b"xkx"


def test_an_input_that_comes_to_new_lines_of_the_product_is_kept() -> None:
    from stackpress_core.documents import from_base64

    def reads(data: bytes) -> None:
        if data.startswith(b"Q"):
            from_base64("QUJD")

    one = fuzzer(reads)
    one.one(b"x", True)
    assert one.kept == []
    one.one(b"Q", True)
    one.one(b"Q", True)
    assert one.kept == [b"Q"]
