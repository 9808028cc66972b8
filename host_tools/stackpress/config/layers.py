"""From files to one checked configuration that remembers where each value comes from.

Four layers, each over the one before: the parameter's default, board.toml (what the electronics are), press.toml
(what the mechanics are), site.toml (what this laboratory wants otherwise). The calibration file is written by
`stackpress calibrate` and read beside them: it holds measurements, not wishes, so nothing overrides it and it
overrides nothing.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from .. import paths
from .board import TOP, Board, check_board
from .board_file import read_board
from .calibration_file import Calibration, read_calibration
from .ceilings import Ceilings, check_ceilings
from .complaints import Complaints, did_you_mean
from .machine import Cylinder, check_machine
from .numbers import shown
from .positions import Positions, check_positions
from .rules import Facts, findings
from .schema import Parameter, ParamValue, groups, parameters, why_unknown
from .toml_file import Layer, check_format, read_layer

FORMAT = 1
_PRESS_TOP = ("format", "name", "text", "board", "ceilings", "machine", "positions")
_SITE_TOP = ("format", "name", "text")


@dataclass(frozen=True)
class Setting:
    """One effective value and its origin. `layer` is "default", "board", "press" or "site"; line 0 for a default."""

    parameter: Parameter
    value: ParamValue
    layer: str
    file: str = ""
    line: int = 0

    @property
    def raw(self) -> int:
        """The integer on the wire."""
        return self.parameter.to_raw(self.value)

    @property
    def origin(self) -> str:
        """`press.toml:12`, or `default`."""
        return f"{self.file}:{self.line}" if self.file else self.layer


@dataclass(frozen=True)
class Effective:
    """A configuration that has passed every check."""

    name: str
    board: Board
    settings: dict[str, Setting]
    ceilings: Ceilings | None
    calibration: Calibration | None
    files: tuple[str, ...]
    cylinder: Cylinder | None = None
    positions: Positions = ()

    def value(self, name: str) -> ParamValue:
        """A parameter in the unit that its name ends in. KeyError for an unknown one."""
        return self.settings[name].value


@dataclass
class _Merge:
    """Works through the layers; every complaint is kept until the end."""

    complaints: Complaints
    settings: dict[str, Setting] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    ranks: dict[str, Layer] = field(default_factory=dict)

    def take(self, layer: Layer, top: tuple[str, ...]) -> None:
        """Lay one file's parameters over what is there."""
        self.ranks[layer.name] = layer
        for group, table in layer.data.items():
            if group in top:
                continue
            if group in groups():
                self._take_group(layer, group, table)
            else:
                self._unknown_top(layer, group, table, top)

    def _take_group(self, layer: Layer, group: str, table: object) -> None:
        if not isinstance(table, dict):
            self.complaints.add(layer.file, layer.line(group), group, "is not a table", f"[{group}]")
            return
        for key, value in table.items():
            line = layer.line(group, key)
            known = groups()[group].get(key)
            if known is None:
                self.complaints.add(layer.file, line, f"{group}.{key}", *why_unknown(key, value, group))
            elif wrong := known.complaint_about(value):
                self.complaints.add(layer.file, line, f"{group}.{key}", *wrong)
                self.bad.add(key)
            else:
                self.settings[key] = Setting(known, value, layer.name, layer.file, line)

    def _unknown_top(self, layer: Layer, key: str, value: object, top: tuple[str, ...]) -> None:
        line = layer.line(key)
        if key in parameters():
            right = f"move it to [{parameters()[key].group}]"
            self.complaints.add(layer.file, line, key, "stands outside its table", right)
        elif key in ("ceilings", "machine", "positions"):
            self.complaints.add(layer.file, line, key, f"[{key}] belongs to the press file", f"press.toml, [{key}]")
        elif key in ("pins", "drivers", "capabilities", "identity"):
            self.complaints.add(layer.file, line, key, "belongs to the board", "board.toml")
        elif isinstance(value, dict):
            known = (*groups(), *top)
            self.complaints.add(layer.file, line, key, "unknown table", did_you_mean(key, known, ", ".join(groups())))
        else:
            self.complaints.add(layer.file, line, key, *why_unknown(key, value, ""))

    def format_and_name(self, layer: Layer) -> str:
        """Check the two keys that every layer begins with; gives the name."""
        if not layer.read:
            return ""
        check_format(layer, FORMAT, self.complaints)
        name = layer.data.get("name", "")
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_. +-]{0,31}", name):
            right = "up to 31 letters, digits, spaces and _ . + -"
            self.complaints.add(layer.file, layer.line("name"), "name", f"{shown(name)} is not a name", right)
            return ""
        if layer.name == "press" and not name.strip():
            self.complaints.add(layer.file, layer.line("name"), "name", "the press has no name", 'name = "..."')
        return name


def load(press: Path, site: Path | None = None, calibration: Path | None = None) -> Effective:
    """Read and check all layers. Raises ConfigError with every complaint."""
    complaints = Complaints()
    merge = _Merge(complaints, {p.name: Setting(p, p.default_value, "default") for p in parameters().values()})
    press_layer = read_layer("press", press, complaints)
    board_layer = _board_layer(press_layer, press, complaints)
    board = check_board(board_layer, groups(), complaints)
    merge.format_and_name(board_layer)
    merge.take(Layer("board", board_layer.file, _known(board_layer), board_layer.lines), TOP)
    name = merge.format_and_name(press_layer)
    ceilings, cylinder = check_ceilings(press_layer, complaints), check_machine(press_layer, complaints)
    merge.take(press_layer, _PRESS_TOP)
    if site is not None:
        site_layer = read_layer("site", site, complaints)
        merge.format_and_name(site_layer)
        merge.take(site_layer, _SITE_TOP)
    positions = check_positions(press_layer, merge.settings["high_range_mask"].value, complaints)
    measured = read_calibration(calibration, complaints) if calibration is not None else None
    _impossible(merge, press_layer, board, board_layer, ceilings)
    complaints.raise_if_any()
    files = [board_layer.file, press_layer.file] + [str(one) for one in (site, calibration) if one is not None]
    return Effective(name, board, merge.settings, ceilings, measured, tuple(files), cylinder, positions)


def _known(layer: Layer) -> dict[str, object]:
    """The board's own unknown keys are told by check_board; the merge is given the rest."""
    return {key: value for key, value in layer.data.items() if key in groups()}


def _board_layer(press: Layer, path: Path, complaints: Complaints) -> Layer:
    if not press.read:
        return Layer("board", "", {}, read=False)
    name, line = press.data.get("board"), press.line("board")
    shipped = sorted(one.parent.name for one in paths.BOARDS.glob("*/board.toml"))
    right = f'board = "{shipped[0] if shipped else "sim"}", or the path of a board.toml'
    if not isinstance(name, str) or not name:
        text = "the press has no board" if name in (None, "") else f"{shown(name)} is no board's name"
        complaints.add(press.file, line, "board", text, right)
        return Layer("board", "", {}, read=False)
    if name.endswith(".toml"):
        return read_board(path.parent / name, complaints)
    if name not in shipped:
        complaints.add(press.file, line, "board", f"there is no board {shown(name)}", did_you_mean(name, shipped, right))
        return Layer("board", "", {}, read=False)
    return read_board(paths.BOARDS / name / "board.toml", complaints)


def _impossible(merge: _Merge, press: Layer, board: Board, board_layer: Layer, ceilings: Ceilings | None) -> None:
    """Rules over several keys: only when each of those keys is right by itself, else one mistake is told twice."""
    if not press.data:
        return
    facts = Facts({name: one.value for name, one in merge.settings.items()}, board, ceilings)
    for key, text, right in findings(facts):
        if key in merge.bad or ("needs" in text and not board_layer.data):
            continue
        _complain_at(merge, press, key, text, right)
    if not merge.bad:
        _device_conflicts(merge, press)


def _device_conflicts(merge: _Merge, press: Layer) -> None:
    """The firmware's own cross-checks: the press would refuse the same document with the same words."""
    from stackpress_core import params

    told: list[str] = params.complaints({name: one.raw for name, one in merge.settings.items()})
    for text in told:
        named = [word for word in re.findall(r"[a-z][a-z0-9_]+", text) if word in merge.settings]
        named.sort(key=lambda key: merge.settings[key].layer == "default")
        _complain_at(merge, press, named[0] if named else "", text, "")


def _complain_at(merge: _Merge, press: Layer, key: str, text: str, right: str) -> None:
    """A complaint where the value was set; a default's complaint points at its table in the press file."""
    setting = merge.settings.get(key)
    if setting is None or setting.layer == "default":
        group = setting.parameter.group if setting else ""
        where = f"{group}.{key} (default)" if setting else key
        merge.complaints.add(press.file, press.line(group) if group else 0, where, text, right)
        return
    where = f"{setting.parameter.group}.{key}"
    merge.complaints.add(setting.file, setting.line, where, text, right)
