"""Files -> plain data that knows its lines: YAML with a mark for every value, CSV as rows.

YAML 1.2 core scalars: ``NO``, ``012``, ``12:30`` and dates stay text. Anchors, aliases, tags, duplicate keys, several
documents and deep nesting are refused: no file of this project needs them.
"""

from __future__ import annotations

import csv
import io
import re
import stat
from collections.abc import Collection
from pathlib import Path as FilePath
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.error import MarkedYAMLError
from yaml.events import AliasEvent, NodeEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from sim.inputs.mistakes import DataError, Mark, Path, ScenarioError, message
from sim.words import listed, nearest, shown

Rows = list[dict[str, str]]

MAX_BYTES = 1_000_000
MAX_DEPTH = 12
_STAR_HINT = "Everywhere is written '*', in quotes."

INT = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)\.[0-9]*|(0|[1-9][0-9]*)(?=[eE]))([eE][-+]?[0-9]+)?"
                   r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII)
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
          "null": None, "Null": None, "NULL": None, "~": None, "": None}


class _Refused(Exception):
    """A YAML feature that files here do without."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem, self.line = problem, line


class _Nodes(Composer, BaseResolver):
    """Composes nodes only: values are read by `scalar`, never constructed from tags."""

    def __init__(self, text: str) -> None:
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self.depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[attr-defined]
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            raise _Refused(f"aliases (*{event.anchor}) are not used here. {_STAR_HINT}", line)
        if isinstance(event, NodeEvent) and event.anchor is not None:
            raise _Refused(f"anchors (&{event.anchor}) are not used here; write the value out", line)
        if getattr(event, "tag", None) is not None:
            raise _Refused(f"tags ({event.tag}) are not used here", line)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Refused(f"nested more than {MAX_DEPTH} levels deep", line)
        node = super().compose_node(parent, index)  # type: ignore[arg-type]
        self.depth -= 1
        return node


class _Loader(_Nodes, Reader, Scanner, Parser):
    """Reads YAML in Python, and says best what is wrong with it."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        _Nodes.__init__(self, text)


if not yaml.__with_libyaml__:
    _Fast: type[_Nodes] = _Loader
else:
    CParser: Any = yaml.cyaml.CParser  # type: ignore[attr-defined]

    class _Fast(_Nodes, CParser):  # type: ignore[misc, no-redef]
        """The same with the parser of libyaml, ten times as fast."""

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            _Nodes.__init__(self, text)


def _composed(text: str) -> Node | None:
    """The one document of a text."""
    try:
        return _Fast(text).get_single_node()
    except (yaml.YAMLError, _Refused):
        return _Loader(text).get_single_node()


def scalar(text: str) -> Any:
    """A plain YAML 1.2 core scalar: int, float, bool, None, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= 40:
        if INT.fullmatch(text):
            return int(text)
        if FLOAT.fullmatch(text):
            return float(text.replace(".inf", "inf").replace(".nan", "nan")) if text[-1].isalpha() else float(text)
    return text


def read_text(path: str, mark: Mark | None = None) -> str:
    """The text of a scenario file; ``mark`` is where another file names it."""
    def refuse(problem: str) -> ScenarioError:
        text = f"{path}: {problem}"
        return ScenarioError(f"{text}." if mark is None else message(mark, ("extends",), text))

    try:
        info = FilePath(path).stat()
        if stat.S_ISDIR(info.st_mode):
            raise refuse("this is a folder; a scenario is a YAML file" + _beside(FilePath(path)))
        if not stat.S_ISREG(info.st_mode):
            raise refuse("not a regular file; a scenario is a YAML file")
        if info.st_size > MAX_BYTES:
            raise refuse(f"{info.st_size} bytes; a scenario file has at most {MAX_BYTES}")
        raw = FilePath(path).read_bytes()
    except FileNotFoundError:
        raise refuse("there is no such file" + _beside(FilePath(path).parent, path)) from None
    except (OSError, ValueError) as error:
        raise refuse(f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ScenarioError(f"{path}, line {line}: not UTF-8 text (byte 0x{raw[error.start]:02x}). "
                            "Save the file with the encoding UTF-8.") from None


def _beside(folder: FilePath, wanted: str | None = None) -> str:
    try:
        names = sorted(entry.name for entry in folder.iterdir()
                       if entry.suffix in (".yaml", ".yml") and not entry.name.startswith("."))
    except OSError:
        return ""
    close = nearest(FilePath(wanted).name, names) if wanted else None
    if close:
        return f"; did you mean {folder / close}"
    return f"; in {folder} there are {listed(names)}" if names else ""


def parse(text: str, file: str, mistake: type[Exception] = ScenarioError) -> tuple[Any, dict[Path, Mark]]:
    """Plain data of one document and the mark of every path in it; raises ``mistake`` where it is none."""
    marks: dict[Path, Mark] = {(): Mark(file, 1)}
    try:
        node = _composed(text)
        data = None if node is None else _plain(node, (), marks, file)
    except _Refused as error:
        raise mistake(f"{file}, line {error.line}: {error.problem}.") from None
    except ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise mistake(f"{file}, line {line}: the character U+{int(error.character):04X} is not allowed in YAML."
                      ) from None
    except MarkedYAMLError as error:
        raise mistake(_syntax(error, file)) from None
    return data, marks


def _syntax(error: MarkedYAMLError, file: str) -> str:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else 1
    problem, context = error.problem or "cannot be read", error.context or ""
    if r"'\t'" in problem or "\\t" in problem:
        problem = "a tab character; indent with spaces"
    elif "alias" in context:
        problem = f"a bare '*' is not a value. {_STAR_HINT}"
    elif "expected a single document" in context + problem:
        problem = "a second document begins here ('---'); a scenario file holds one"
    elif context:
        problem = f"{context}: {problem}"
    return f"{file}, line {line}: not valid YAML: {problem.rstrip('.')}."


def _plain(node: Node, path: Path, marks: dict[Path, Mark], file: str) -> Any:
    if isinstance(node, ScalarNode):
        return node.value if node.style else scalar(node.value)
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            marks[(*path, index)] = Mark(file, item.start_mark.line + 1)
        return [_plain(item, (*path, index), marks, file) for index, item in enumerate(node.value)]
    assert isinstance(node, MappingNode)
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            raise _Refused("a key must be a single word", line)
        if key.value in found:
            before = marks[(*path, key.value)].line
            raise _Refused(f"the key {shown(key.value)} is given twice (first in line {before})", line)
        is_value = isinstance(value, ScalarNode) and value.value != ""
        marks[(*path, key.value)] = Mark(file, value.start_mark.line + 1 if is_value else line)
        found[key.value] = _plain(value, (*path, key.value), marks, file)
    return found


class Lined(dict[Any, Any]):
    """A mapping that knows the line where it begins."""

    line: int = 0


def _data_text(path: FilePath) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path.parent.name}/{path.name}: the file is missing") from None
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror})") from None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path.name}, line {line}: not UTF-8 text (byte 0x{raw[error.start]:02x}); save the file with "
                        "the encoding UTF-8") from None


def read_yaml(path: FilePath) -> Any:
    """A YAML file of data; its mappings know their lines."""
    data, marks = parse(_data_text(path), path.name, DataError)
    return _lined(data, (), marks)


def _lined(data: Any, path: Path, marks: dict[Path, Mark]) -> Any:
    if isinstance(data, dict):
        found = Lined({key: _lined(value, (*path, key), marks) for key, value in data.items()})
        found.line = marks[path].line or 0
        return found
    return [_lined(item, (*path, i), marks) for i, item in enumerate(data)] if isinstance(data, list) else data


def read_rows(path: FilePath, columns: Collection[str], optional: Collection[str] = ()) -> Rows:
    """A CSV file as dictionaries; the line of row i is i + 2. Of ``columns`` only the optional may be missing."""
    reader = csv.DictReader(io.StringIO(_data_text(path), newline=""))
    try:
        rows = list(reader)
    except csv.Error as error:
        raise DataError(f"{path.name}, line {reader.line_num}: not a table of commas and quotes ({error})") from None
    missing = [column for column in columns if column not in (reader.fieldnames or ()) and column not in optional]
    if missing:
        raise DataError(f"{path.name}, line 1: the column '{missing[0]}' is missing")
    for line, row in enumerate(rows, start=2):
        if None in row:
            raise DataError(f"{path.name}, line {line}: more cells than columns; quote a cell that holds a comma")
        if None in row.values():
            raise DataError(f"{path.name}, line {line}: fewer cells than columns")
    return rows


class Dumper(yaml.SafeDumper):
    """Quotes whatever YAML 1.1 or `scalar` would read as something other than text; writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Dumper, value: str) -> ScalarNode:
    # YAML takes these for ends of lines; only in double quotes are they written as escapes.
    style = '"' if any(mark in value for mark in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


Dumper.add_representer(str, _text)
Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(INT.pattern + r"\Z"), list("-+0123456789"))
Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(f"(?:{FLOAT.pattern})" + r"\Z"),
                             list("-+0123456789."))
