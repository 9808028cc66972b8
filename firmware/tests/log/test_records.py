"""Claims about the record table: what is packed comes out again, nothing wraps, texts stay bounded."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stackpress_core.log import records


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
