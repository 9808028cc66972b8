"""Boot numbers: one more at each start, kept twice like a document, so that press time and boot number date a record for good."""

from press.documents import unwrap, wrap

_NAME = "boot"


def next_boot_id(store):
    """Count this start and give its number, from 1; a store that is empty or torn goes on from what is whole."""
    newest, letter = 0, "b"
    for slot in ("a", "b"):
        found = unwrap(_NAME, store.read(_NAME + "." + slot))
        if found and found[0] > newest:
            newest, letter = found[0], slot
    boot_id = newest + 1
    store.write(_NAME + (".b" if letter == "a" else ".a"), wrap(_NAME, boot_id, b""))
    return boot_id
