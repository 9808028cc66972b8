"""The press's records: what is pushed can be read back, compared and written as a file again."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stackpress import config, paths
from stackpress.config import calibration_file, ceilings, documents
from stackpress.config.complaints import Complaints

GOOD = paths.BOARDS / "sim" / "press.toml"


def test_firmware_accepts_what_the_host_made() -> None:
    from stackpress_core import params

    name, raws = config.parse_config(config.config_document(config.load(GOOD)))
    assert name == "reference" and params.complaints(raws) == []


def test_document_fits_the_wire_and_holds_every_parameter() -> None:
    record = json.loads(config.config_document(config.load(GOOD)))
    assert len(record["params"]) == len(documents.parameters()) and all(
        type(v) is int for v in record["params"].values()
    )


def test_no_difference_to_what_was_pushed_and_all_to_an_empty_press() -> None:
    effective = config.load(GOOD)
    assert config.differences(effective, config.config_document(effective)) == []
    assert len(config.differences(effective, None)) == len(effective.settings)


def test_difference_is_told_in_the_unit_of_the_name_with_its_origin() -> None:
    effective = config.load(GOOD)
    record = json.loads(config.config_document(effective))
    record["params"]["force_limit_n"] = 4_000_000
    record["params"]["gone_ms"] = 7
    first, second = config.differences(effective, json.dumps(record).encode())
    assert (first.press, first.file) == (40000, 55000) and "press.toml:" in first.origin
    assert (second.name, second.file) == ("gone_ms", None)


def test_pulled_file_means_the_same_as_what_the_press_has(tmp_path: Path) -> None:
    effective = config.load(GOOD)
    name, raws = config.parse_config(config.config_document(effective))
    text = documents.to_toml(name, raws, "sim")
    (tmp_path / "press.toml").write_text(text)
    assert config.config_document(config.load(tmp_path / "press.toml")) == config.config_document(effective)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b'{"params":{"a":1.5}}', b'{"params":{"a":true}}', b"\xff\xfe"]
)
def test_foreign_record_is_an_error_in_words(data: bytes) -> None:
    for parse in (config.parse_config, ceilings.from_document, calibration_file.from_document):
        with pytest.raises(ValueError, match="record"):
            parse(data)


def test_ceilings_survive_the_way_to_the_press() -> None:
    have = config.load(GOOD).ceilings
    assert have is not None and ceilings.from_document(have.document()) == have


def points(draw: st.DrawFn) -> tuple[tuple[int, float], ...]:
    codes = sorted(draw(st.sets(st.integers(-8_000_000, 8_000_000), min_size=2, max_size=8)))
    forces = sorted(draw(st.sets(st.integers(-100_000, 9_000_000), min_size=len(codes), max_size=len(codes))))
    return tuple((code, force / 100) for code, force in zip(codes, forces, strict=True))


@st.composite
def calibrations(draw: st.DrawFn) -> config.Calibration:
    serials = st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=12)
    whole = st.integers(-8_000_000, 8_000_000)
    cell = st.builds(config.CellCalibration, serials, st.composite(points)(), whole, st.integers(0, 2**31))
    return config.Calibration(draw(serials.filter(bool)), tuple(draw(st.none() | cell) for _ in range(4)))


@given(calibrations())
def test_calibration_survives_file_and_press(have: config.Calibration) -> None:
    assert calibration_file.parse_toml(have.to_toml()) == have
    assert calibration_file.from_document(have.document()) == have


@given(calibrations().filter(lambda one: any(one.cells)))
def test_written_calibration_passes_the_check(have: config.Calibration) -> None:
    complaints = Complaints()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calibration.toml"
        path.write_text(have.to_toml(), encoding="utf-8")
        assert calibration_file.read_calibration(path, complaints) == have
    assert complaints.found == []


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (((1, 0.0),), "1 points"),
        (((5, 0.0), (4, 1.0)), "codes do not rise"),
        (((4, 1.0), (5, 1.0)), "forces do not rise"),
        (((4, 1.0), (9_000_000, 2.0)), "beyond 24 bits"),
    ],
)
def test_unusable_points_are_named(bad: tuple[tuple[int, float], ...], says: str) -> None:
    assert says in " ".join(calibration_file.point_complaints(bad))


def test_printed_parameters_are_those_of_the_table() -> None:
    from stackpress.config.__main__ import HEAD

    kept = (paths.BOARDS / "PARAMETERS.md").read_text(encoding="utf-8")
    assert kept == HEAD + documents.reference_markdown(), "python -m stackpress.config > boards/PARAMETERS.md"


def press_of_another_release() -> tuple[config.Effective, list[str], bytes]:
    """The reference press's files, what a press knows that lacks one of our parameters and has one of its own, its record."""
    effective = config.load(GOOD)
    known = [name for name in documents.parameters() if name != "stale_ms"] + ["settle_tries"]
    record = json.loads(config.config_document(effective))
    record["params"].update(force_limit_n=4_000_000, settle_tries=7, long_gone_ms=3)
    del record["params"]["stale_ms"]
    return effective, known, json.dumps(record).encode()


def test_press_is_sent_what_it_knows_and_keeps_what_this_host_does_not_know() -> None:
    effective, known, record = press_of_another_release()
    sent = json.loads(config.config_document(effective, known, record))["params"]
    assert sent["settle_tries"] == 7 and sent["force_limit_n"] == 5_500_000 and set(sent) == set(known)
    assert documents.left_out(effective, known) == ["stale_ms = 5 (default)"]


def test_difference_to_a_press_of_another_release_is_what_a_push_changes() -> None:
    effective, known, record = press_of_another_release()
    found = {one.name: one for one in config.differences(effective, record, known)}
    assert set(found) == {"force_limit_n", "settle_tries", "long_gone_ms"}
    assert found["settle_tries"].kept and found["settle_tries"].press == 7
    assert not found["long_gone_ms"].kept, "what the press itself does not know any more goes with a push"


def test_pulled_file_names_what_this_host_does_not_know(tmp_path: Path) -> None:
    _, _, record = press_of_another_release()
    name, raws = config.parse_config(record)
    text = documents.to_toml(name, dict(raws, duty_reaction=9), "sim")
    assert "\n# settle_tries = 7\n" in text and "# not a value that this host knows: duty_reaction = 9" in text
    (tmp_path / "press.toml").write_text(text)
    assert config.load(tmp_path / "press.toml").value("force_limit_n") == 40000
