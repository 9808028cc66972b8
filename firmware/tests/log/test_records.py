"""Claims about the record table: what is packed comes out again, nothing wraps, texts stay bounded."""

import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stackpress_core.log import records
from stackpress_core.tick import states


def values_of(kind):
    """A strategy for in-range values of a kind's fields."""
    parts = []
    for name, code, *_ in records.KINDS[kind][1]:
        if code == "B" or code[-1] in "HhIi":
            low, high = records._RANGE[code[-1]]
            one = st.integers(low, high)
            parts.append(one if len(code) == 1 else st.lists(one, min_size=int(code[:-1]), max_size=int(code[:-1])))
        elif code[0] == "B" or name.endswith("_hash"):
            size = int(code[1:]) if code[0] == "B" else int(code[:-1])
            parts.append(st.binary(min_size=size if code[0] != "B" else 0, max_size=size))
        else:
            size = int(code[1:]) if code[0] == "T" else int(code[:-1])
            parts.append(st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=size))
    return st.tuples(*parts)


@pytest.mark.parametrize("kind", sorted(records.KINDS))
def test_what_is_packed_comes_out_again(kind):
    @given(values_of(kind))
    def check(values):
        payload = records.pack(kind, *values)
        assert len(payload) <= records.PAYLOAD_MAX
        assert list(records.unpack(kind, payload).values()) == [v for v in values]

    check()


@given(st.integers(-(1 << 40), 1 << 40))
def test_an_integer_out_of_range_is_saturated_never_wrapped(value):
    got = records.unpack(records.PULLED, records.pack(records.PULLED, value))["seq"]
    assert got == min(max(value, 0), 0xFFFFFFFF)


def test_an_absent_temperature_is_the_records_own_absent_value():
    sample = records.pack(records.SAMPLE, *([0] * 11), [0] * 4, 0, 0, [-(1 << 30), 2512], 0, 0, 0, 0)
    assert records.unpack(records.SAMPLE, sample)["temp_cc"] == [records.ABSENT_I16, 2512]


@given(st.text(max_size=80), st.integers(0, 64))
def test_text_is_cut_at_a_whole_character(text, limit):
    raw = records.text_bytes(text, limit)
    assert len(raw) <= limit and text.startswith(raw.decode())


def test_the_largest_record_of_every_kind_fits_its_length_byte():
    for kind in records.KINDS:
        tail = records.tail_of(kind)
        assert records.SIZES[kind] + (int(tail[1][1:]) if tail else 0) <= records.PAYLOAD_MAX


def test_a_full_flight_slice_fits_its_field():
    assert struct.calcsize(records.FLIGHT_ENTRY) == records.FLIGHT_ENTRY_BYTES
    assert int(records.tail_of(records.FLIGHT)[1][1:]) == records.FLIGHT_SLICE * records.FLIGHT_ENTRY_BYTES


@given(st.sampled_from(sorted(records.KINDS)), st.binary(max_size=255))
def test_a_payload_of_the_wrong_size_is_refused_and_any_other_decodes(kind, payload):
    try:
        records.unpack(kind, payload)
    except ValueError:
        size = records.SIZES[kind]
        assert len(payload) < size or (len(payload) > size and records.tail_of(kind) is None)


def test_every_event_has_a_name_of_its_own_and_no_number_is_given_twice():
    codes = {name: value for name, value in vars(records).items() if name.startswith("EVENT_")}
    assert sorted(codes.values()) == sorted(records.EVENTS) and len(set(records.EVENTS.values())) == len(codes)
    assert not {5, 13, 14, 15, 18} & set(records.EVENTS)


def test_reactions_of_a_trip_are_in_the_order_of_the_interlocks():
    assert [words.split()[0] for words in records.REACTIONS] == list(states.REACTIONS)


def test_every_event_is_told_by_somebody():
    core = Path(records.__file__).parents[2]
    text = "\n".join(p.read_text() for room in ("stackpress_core", "drivers") for p in (core / room).rglob("*.py") if p.name != "records.py")
    assert [name for name in vars(records) if name.startswith("EVENT_") and not re.search(name + r"\b", text)] == []
