"""The interlock reference says what the table says."""

import interlock_reference


def test_the_reference_of_interlocks_is_what_the_table_says():
    assert interlock_reference.TARGET.read_text() == interlock_reference.text()
