"""Claims about a store that fails: what can't be read is told, and is never taken for what is not there."""

import pytest
from memory_store import Store
from stackpress_core.boots import acknowledge_crash, crash_stands, next_boot_id
from stackpress_core.documents import Documents
from stackpress_core.errors import Refused, StorageFault
from stackpress_core.file_store import FileStore


def test_a_slot_that_can_not_be_read_is_bad_and_one_that_is_not_there_is_missing(tmp_path):
    documents = Documents(FileStore(str(tmp_path)))
    (tmp_path / "config.a").mkdir()  # reading it fails, and not because it is not there
    assert (documents.state("config"), documents.state("zero")) == ("bad", "missing")
    assert documents.text("config") is None and documents.failures > 0
    assert documents.names() == ["config"]


def test_a_store_that_can_not_be_listed_is_a_fault_and_no_empty_list():
    documents = Documents(Store())

    def names():
        raise OSError(5)

    documents.store.names = names
    with pytest.raises(StorageFault, match="can't be listed"):
        documents.names()


def test_a_press_whose_store_can_not_be_read_counts_from_one_and_a_crash_stands():
    class Failing(Store):
        def read(self, name):
            raise OSError(5)

        def remove(self, name):
            raise OSError(5)

    assert next_boot_id(Failing()) == (1, True) and crash_stands(Failing(), False)
    with pytest.raises(Refused, match="note of the crash"):
        acknowledge_crash(Failing())
