"""What the doctor finds in a computer that has what a laboratory's computer has."""

import os
from pathlib import Path

import pytest
from stackpress import doctor, paths


def system(folder: Path, processes: tuple[str, ...], properties: str | None) -> tuple[Path, Path]:
    """The parts of /proc and /run/udev that are looked at; the port is /dev/null."""
    proc, udev = folder / "proc", folder / "udev"
    udev.mkdir(parents=True)
    for number, name in enumerate(processes, 1):
        (proc / str(number)).mkdir(parents=True)
        (proc / str(number) / "comm").write_text(name + "\n")
    if properties is not None:
        rdev = os.stat("/dev/null").st_rdev
        (udev / f"c{os.major(rdev)}:{os.minor(rdev)}").write_text(properties)
    return proc, udev


@pytest.mark.parametrize(("processes", "properties", "verdict"), [
    (("systemd", "bash"), None, "ok"),
    (("systemd", "ModemManager"), None, "warn"),
    (("ModemManager",), "E:ID_VENDOR_ID=2e8a\nE:ID_MM_CANDIDATE=1\n", "warn"),
    (("ModemManager",), "E:ID_MM_DEVICE_IGNORE=0\n", "warn"),
    (("ModemManager",), "E:ID_VENDOR_ID=2e8a\nE:ID_MM_DEVICE_IGNORE=1\n", "ok"),
    (("ModemManagerish",), None, "ok"),
])  # fmt: skip
def test_modem_manager_is_named_and_the_rule_given_where_it_may_speak_to_the_port(
    tmp_path: Path, processes: tuple[str, ...], properties: str | None, verdict: str
) -> None:
    found = doctor.modem_manager("/dev/null", *system(tmp_path, processes, properties))
    assert (found.what, found.verdict) == ("ModemManager", verdict)
    assert (doctor.RULE in found.todo and doctor.RULES_FILE in found.todo) == ("alone" not in found.text)


def test_a_port_that_is_gone_is_no_reason_to_fail(tmp_path: Path) -> None:
    assert doctor.modem_manager(str(tmp_path / "gone"), *system(tmp_path, ("ModemManager",), None)).verdict == "warn"


def test_the_readme_gives_the_rule_that_the_doctor_gives() -> None:
    ours, first = (paths.ROOT / name for name in ("host_tools/README.md", "README.md"))
    text = ours.read_text(encoding="utf-8")
    assert doctor.RULE in text and doctor.RULES_FILE in text and "ModemManager" in first.read_text(encoding="utf-8")
