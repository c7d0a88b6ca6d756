"""Reader of YAML into values with line numbers; accepts plain data only, without tags and repeated keys."""

from typing import Any

import yaml

from alphazero.competition.control_files import sourced
from alphazero.competition.control_files.sourced import Sourced

_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_CONSTRUCTED = tuple(_TAG + name for name in ("int", "float", "bool", "null"))


class _Loader(yaml.SafeLoader):
    """A safe loader that keeps dates as text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TAG + "timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str) -> Sourced:
    """The value of the document; raises ValueError "line N: ..." if it is invalid or unsupported."""
    try:
        loader, node = _composed(text)
        return _YamlReader(loader).value(node) if node is not None else Sourced(None, 1)
    except (RecursionError, MemoryError):
        raise ValueError("nested too deeply") from None


def _composed(text: str) -> tuple[_Loader, yaml.Node | None]:
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise sourced.mistake(line, f"not valid YAML: {error.reason}") from None
    try:
        return loader, loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else loader.line
        raise sourced.mistake(line + 1, f"not valid YAML: {error.problem or error.context}") from None
    except (ValueError, OverflowError) as error:  # from escapes such as "\\UFFFFFFFF"
        raise sourced.mistake(loader.line + 1, f"not valid YAML: {error}") from None


class _YamlReader:
    """Converts nodes to values, each node once even if it is referenced several times."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._allowance = sourced.Allowance()
        self._done: dict[yaml.Node, Sourced | None] = {}

    def value(self, node: yaml.Node) -> Sourced:
        if node not in self._done:
            self._done[node] = None
            self._done[node] = self._converted(node)
        done = self._done[node]
        if done is None:
            raise sourced.mistake(_line(node), "refers to itself")
        return done

    def _converted(self, node: yaml.Node) -> Sourced:
        implicit = self._loader.resolve(type(node), node.value, (getattr(node, "style", None) is None, True))
        if node.tag != implicit:
            raise sourced.mistake(_line(node), f"tags such as {sourced.shown(node.tag)} are not supported")
        if isinstance(node, yaml.MappingNode):
            return self._allowance.make(self._pairs(node), _line(node))
        if isinstance(node, yaml.SequenceNode):
            return self._allowance.make([self.value(part) for part in node.value], _line(node))
        return self._allowance.make(self._scalar(node), _line(node))

    def _scalar(self, node: yaml.Node) -> Any:
        if node.tag not in _CONSTRUCTED:
            return node.value
        try:
            return self._loader.construct_object(node)
        except ValueError:
            raise sourced.mistake(_line(node), f"{sourced.shown(node.value)} is not a number") from None

    def _pairs(self, node: yaml.MappingNode) -> dict[Any, Sourced]:
        """The mapping's own keys, and the keys of merged mappings that it does not have."""
        own: dict[Any, Sourced] = {}
        merged: dict[Any, Sourced] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged |= self._merged(value_node)
                continue
            key = self.value(key_node).value
            if isinstance(key, list | dict):
                raise sourced.mistake(_line(key_node), "a key must be a text or a number")
            if key in own:
                raise sourced.mistake(_line(key_node), f"{sourced.shown(key)} is given twice")
            own[key] = self.value(value_node).at(_line(key_node))
        return merged | own

    def _merged(self, node: yaml.Node) -> dict[Any, Sourced]:
        """The keys of the mapping or mappings that `<<` names; the first mapping with a key decides."""
        value = self.value(node)
        parts = value.value if isinstance(value.value, list) else [value]
        merged: dict[Any, Sourced] = {}
        for part in parts:
            if not isinstance(part.value, dict):
                raise sourced.mistake(_line(node), "<< needs a mapping or a list of mappings")
            merged = self._allowance.make(part.value | merged, _line(node)).value  # copies count as well
        return merged


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1
