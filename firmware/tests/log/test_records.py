"""Claims about the record table: what is packed comes out again, nothing wraps, texts stay bounded, kinds only grow."""

import array
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stackpress_core.log import packing, records, sampler
from stackpress_core.tick import states

OLDEST = {  # fields of each kind as the first firmware wrote them; never edited
    "sample": "t_s:I t_ms:H state:B flags:B run:H step:B cycle:H set_cn:i force_mean_cn:i force_min_cn:i force_max_cn:i cell_cn:4i "
              "imbalance_permille:h displacement_nm:i temp_cc:2h valve_code:H moves:H ticks:I valve_bits:B",
    "event": "t_s:I t_ms:H code:H run:H a:i b:i text:T64",
    "run": "t_s:I t_ms:H run:H area_um2:I hz:H host_loss:B cells:B firmware_hash:8s config_hash:8s calibration_hash:8s "
           "program_hash:8s zero_cn:4i firmware:16s program:32s sample:32s operator:24s",
    "step": "t_s:I t_ms:H run:H step:B count:H cycle:H phase:B target_cn:i force_cn:i displacement_nm:i kind:12s outcome:T32",
    "trip": "t_s:I t_ms:H run:H trip:H step:B state:B reason:B reaction:B inputs:H force_cn:i set_cn:i cell_cn:4i "
            "imbalance_permille:h displacement_nm:i valve_code:H name:T32",
    "flight": "t_s:I t_ms:H trip:H hz:H first:i entries:B224",
    "time_map": "t_s:I t_ms:H unix_s:I unix_ms:H",
    "boot": "t_s:I t_ms:H boot:I cause:B hz:H firmware_hash:8s config_hash:8s firmware:16s name:16s identity:T48",
    "run_end": "t_s:I t_ms:H run:H outcome:B zero_cn:4i peak_cn:i moves:I ticks:I missed_ticks:I",
    "pulled": "seq:I",
}  # fmt: skip


def values_of(kind):
    """A strategy for in-range values of a kind's fields."""
    parts = []
    for name, code, *_ in records.KINDS[kind][1]:
        if code == "B" or code[-1] in "HhIi":
            low, high = packing._RANGE[code[-1]]
            one = st.integers(low, high)
            parts.append(one if len(code) == 1 else st.lists(one, min_size=int(code[:-1]), max_size=int(code[:-1])))
        elif code[0] == "B" or name.endswith("_hash"):
            size = int(code[1:]) if code[0] == "B" else int(code[:-1])
            parts.append(st.binary(min_size=size if code[0] != "B" else 0, max_size=size))
        else:
            size = int(code[1:]) if code[0] == "T" else int(code[:-1])
            parts.append(st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=size))
    return st.tuples(*parts)


def zeros(kind):
    """A value for every field of a kind, as unpacking gives them."""
    return {name: value for name, value in packing.unpack(kind, bytes(records.PAYLOAD_MAX)).items() if name != packing.MORE}


def grown(monkeypatch, kind, *rows):
    """The table of a newer firmware: `kind` has these fields as well."""
    name, fields = records.KINDS[kind]
    monkeypatch.setitem(records.KINDS, kind, (name, fields + rows))
    monkeypatch.setitem(packing.REST_AT, kind, packing._rest_at(fields + rows))
    monkeypatch.setitem(packing.FORMATS, kind, packing._format((fields + rows)[: packing.REST_AT[kind]]))


@pytest.mark.parametrize("kind", sorted(records.KINDS))
def test_what_is_packed_comes_out_again(kind):
    @given(values_of(kind))
    def check(values):
        payload = packing.pack(kind, values)
        assert len(payload) <= records.PAYLOAD_MAX
        assert list(packing.unpack(kind, payload).values()) == [v for v in values]

    check()


@given(st.integers(-(1 << 40), 1 << 40))
def test_an_integer_out_of_range_is_saturated_never_wrapped(value):
    got = packing.unpack(records.PULLED, packing.pack(records.PULLED, [value]))["seq"]
    assert got == min(max(value, 0), 0xFFFFFFFF)


WORD = st.sampled_from([n + d for n in (0, 255, 32767, 65535, -32768, 1 << 30) for d in (-1, 0, 1)]) | st.integers(-(1 << 31), (1 << 31) - 1)


@given(st.lists(WORD, min_size=len(sampler.SAMPLE_CODES), max_size=len(sampler.SAMPLE_CODES)))
def test_a_sample_from_an_array_of_words_is_packed_as_any_other_record(numbers):
    payload, left, values = bytearray(packing.SIZES[records.SAMPLE]), list(numbers), []
    sampler.packed(array.array("i", numbers), sampler.SAMPLE_CODES, len(numbers), payload)
    for _, code, *_ in records.SAMPLE_FIELDS:
        several = [left.pop(0) for _ in range(int(code[:-1] or "1"))]
        values.append(several if len(code) > 1 else several[0])
    assert payload == packing.pack(records.SAMPLE, values)


def test_an_absent_temperature_is_the_records_own_absent_value():
    sample = packing.pack(records.SAMPLE, list({**zeros(records.SAMPLE), "temp_cc": [-(1 << 30), 2512]}.values()))
    assert packing.unpack(records.SAMPLE, sample)["temp_cc"] == [records.ABSENT_I16, 2512]


@given(st.text(max_size=80), st.integers(0, 64))
def test_text_is_cut_at_a_whole_character(text, limit):
    raw = packing.text_bytes(text, limit)
    assert len(raw) <= limit and text.startswith(raw.decode()) and b"\x00" not in raw


def test_the_largest_record_of_every_kind_fits_its_length_byte():
    for _, fields in records.KINDS.values():
        sizes = [1 + int(f[1][1:]) if packing.takes_the_rest(f[1]) else struct.calcsize("<" + f[1]) for f in fields]
        assert sum(sizes) <= records.PAYLOAD_MAX


def test_a_full_flight_slice_fits_its_field():
    assert struct.calcsize(records.FLIGHT_ENTRY) == records.FLIGHT_ENTRY_BYTES
    assert records.KINDS[records.FLIGHT][1][-1] == ("entries", "B%d" % (records.FLIGHT_SLICE * records.FLIGHT_ENTRY_BYTES), 1, "")


# -- kinds that grow --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(records.KINDS))
def test_fields_are_only_ever_added_behind_the_others(kind):
    name, fields = records.KINDS[kind]
    oldest = OLDEST[name].split()
    assert ["%s:%s" % field[:2] for field in fields[: len(oldest)]] == oldest
    fixed = [one.split(":")[1] for one in oldest if not packing.takes_the_rest(one.split(":")[1])]
    assert records.OLDEST_BYTES[kind] == struct.calcsize("<" + "".join(fixed))


@pytest.mark.parametrize("kind", sorted(records.KINDS))
def test_one_field_at_most_takes_the_rest_and_raw_bytes_are_the_last(kind):
    takers = [field for field in records.KINDS[kind][1] if packing.takes_the_rest(field[1])]
    assert len(takers) <= 1 and all(field[1][0] == "T" or field is records.KINDS[kind][1][-1] for field in takers)


@pytest.mark.parametrize("kind", sorted(set(records.KINDS) - {records.FLIGHT}))
def test_an_older_reader_reads_a_newer_record_as_far_as_it_knows_and_keeps_the_rest(kind, monkeypatch):
    old = zeros(kind)
    with monkeypatch.context() as newer:
        grown(newer, kind, ("added", "H", 1, "1"), ("pair", "2h", 1, "1"))
        payload = packing.pack(kind, [*old.values(), 513, [-1, 2]])
        assert packing.unpack(kind, payload) == {**old, "added": 513, "pair": [-1, 2]}
    assert packing.unpack(kind, payload) == {**old, "more": struct.pack("<Hhh", 513, -1, 2)}


@pytest.mark.parametrize("kind", sorted(set(records.KINDS) - {records.FLIGHT}))
def test_a_newer_reader_reads_an_older_record_as_what_it_is(kind, monkeypatch):
    old = zeros(kind)
    payload = packing.pack(kind, list(old.values()))
    grown(monkeypatch, kind, ("wide", "I", 1, "1"), ("narrow", "B", 1, "1"))
    assert packing.unpack(kind, payload) == {**old, "wide": None, "narrow": None}


def test_a_record_cut_inside_a_field_gives_no_field_behind_it_a_value(monkeypatch):
    grown(monkeypatch, records.PULLED, ("wide", "I", 1, "1"), ("narrow", "B", 1, "1"))
    got = packing.unpack(records.PULLED, b"\x07\x00\x00\x00\x01\x02")
    assert got == {"seq": 7, "wide": None, "narrow": None, "more": b"\x01\x02"}


@given(st.sampled_from(sorted(records.KINDS)), st.binary(max_size=255))
def test_a_payload_shorter_than_the_oldest_is_refused_and_any_other_decodes(kind, payload):
    if len(payload) < records.OLDEST_BYTES[kind]:
        with pytest.raises(ValueError, match="bytes"):
            packing.unpack(kind, payload)
    else:
        assert list(packing.unpack(kind, payload))[: len(records.KINDS[kind][1])] == [f[0] for f in records.KINDS[kind][1]]


# -- names ------------------------------------------------------------------------------------------------------------


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
