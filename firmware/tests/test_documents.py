"""Claims about the documents: one whole version is always there. They run on CPython and on MicroPython."""

import binascii

from memory_store import Store
from stackpress_core.documents import Documents, Transfer, from_base64, unwrap, wrap
from stackpress_core.errors import Refused, ScpiError, StorageFault


def fails(kind, call, *args):
    try:
        call(*args)
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


def test_the_newest_version_is_in_force():
    store = Store()
    documents = Documents(store)
    assert documents.get("config") is None and documents.state("config") == "missing"
    for i in range(5):
        documents.put_dict("config", {"i": i})
        assert Documents(store).get("config") == {"i": i}
    assert sorted(store.names()) == ["config.a", "config.b"]


def test_a_cut_anywhere_in_a_write_leaves_the_old_version():
    store = Store()
    documents = Documents(store)
    documents.put_dict("config", {"version": "old"})
    whole = wrap("config", 2, b'{"version":"new"}')
    for cut in range(len(whole)):
        for rest in (b"", b"\xff" * (len(whole) - cut)):
            store.slots["config.b"] = whole[:cut] + rest
            if store.slots["config.b"] != whole:
                assert documents.get("config") == {"version": "old"}
    store.slots["config.b"] = whole
    assert documents.get("config") == {"version": "new"}


def test_any_single_flipped_bit_is_found():
    store = Store()
    documents = Documents(store)
    documents.put_dict("config", {"a": 1})
    whole = store.slots["config.a"]
    for i in range(len(whole) * 8):
        bad = bytearray(whole)
        bad[i // 8] ^= 1 << i % 8
        store.slots["config.a"] = bytes(bad)
        assert documents.text("config") is None and documents.state("config") == "bad"


def test_a_slot_of_another_name_is_foreign():
    store = Store()
    documents = Documents(store)
    documents.put_dict("program/one", {"a": 1})
    store.slots["program/two.a"] = store.slots["program/one.a"]
    assert documents.get("program/two") is None and documents.state("program/two") == "bad"


def test_a_store_that_does_not_keep_what_it_was_given_is_a_storage_fault():
    class Forgetful(Store):
        def write(self, name, data):
            if name in self.slots or not self.slots:
                Store.write(self, name, data)
            else:
                Store.write(self, name, data[:-1])

    documents = Documents(Forgetful())
    documents.put_dict("config", {"a": 1})
    fails(StorageFault, documents.put_dict, "config", {"a": 2})
    assert documents.get("config") == {"a": 1}


def test_a_document_with_a_complaint_is_refused_and_the_old_one_stays():
    documents = Documents(Store())
    documents.register("config", lambda d: ["too much", "and more"] if d.get("x", 0) > 5 else [])
    documents.put_dict("config", {"x": 1})
    error = fails(Refused, documents.put_dict, "config", {"x": 9})
    assert error.text == "config: too much (and 1 more)"
    for text in (b"{", b"[1]", b"\xff\xfe", b"7"):
        fails(Refused, documents.put, "config", text)
    assert documents.get("config") == {"x": 1}


def test_names_are_bounded_and_have_no_path():
    documents = Documents(Store())
    for name in ("", "x", "program", "program/", "program/../config", "program/a b", "config/x", "program/" + "n" * 33):
        assert fails(ScpiError, documents.put, name, b"{}").number == -257
    documents.put("program/A_b-9", b"{}")
    documents.store.write("boot.a", b"somebody else's")
    assert documents.names() == ["program/A_b-9"]
    assert documents.names("program/") == ["program/A_b-9"]


def test_a_removed_document_is_gone_and_an_absent_one_is_told():
    documents = Documents(Store())
    documents.put_dict("zero", {"a": 1})
    documents.put_dict("zero", {"a": 2})
    documents.remove("zero")
    assert documents.store.names() == []
    assert fails(ScpiError, documents.remove, "zero").number == -256


def encoded(data):
    return binascii.b2a_base64(data).decode().strip()


def test_a_transfer_takes_repeated_pieces_and_no_gaps():
    transfer = Transfer()
    fails(Refused, transfer.put, 0, encoded(b"abc"))
    text = bytes(range(256)) * 2
    transfer.begin("config", len(text), binascii.crc32(text) & 0xFFFFFFFF)
    transfer.put(0, encoded(text[:192]))
    transfer.put(0, encoded(text[:192]))
    fails(Refused, transfer.put, 300, encoded(text[300:400]))
    transfer.put(192, encoded(text[192:384]))
    fails(ScpiError, transfer.put, 384, encoded(text[192:384]))
    transfer.put(384, encoded(text[384:]))
    assert transfer.take() == ("config", text)
    fails(Refused, transfer.take)


def test_a_transfer_that_is_short_or_corrupt_is_forgotten():
    transfer = Transfer()
    transfer.begin("config", 3, 0)
    assert fails(ScpiError, transfer.take).number == -230
    transfer.begin("config", 3, 0)
    transfer.put(0, encoded(b"abc"))
    assert fails(ScpiError, transfer.take).number == -230
    fails(Refused, transfer.take)
    for length in (0, -1, 8193):
        assert fails(ScpiError, transfer.begin, "config", length, 0).number == -223


def test_broken_base64_is_refused():
    for text in ("", "a", "abc", "ab=c", "====", "ab c", "ab\xe4d", "abcd="):
        fails(ScpiError, from_base64, text)
    assert from_base64("YWJj") == b"abc"


def test_a_slot_is_cut_to_its_text_where_it_lies_and_what_can_not_be_changed_is_left_alone():
    raw = wrap("config", 3, b'{"a":1}')
    there = bytearray(raw + b"torn")
    assert unwrap("config", there) == (3, b'{"a":1}') and there == b'{"a":1}'
    assert unwrap("config", raw) == (3, b'{"a":1}') and raw == wrap("config", 3, b'{"a":1}')
    for bad in (raw[:-1], raw[:15], b"", raw.replace(b"1", b"2")):
        kept = bytearray(bad)
        assert unwrap("config", kept) is None and kept == bad
