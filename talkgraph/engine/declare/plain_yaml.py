"""The YAML of graph files, a strict subset: no tags, anchors or aliases, no duplicate keys.

`on`, `yes` and `no` are text.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from talkgraph.errors import GraphError

_LONGEST = 1 << 24  # characters

_RESOLVERS = (
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan)$",
        "-+0123456789.",
    ),
)


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise GraphError(f"graph file, line {event.start_mark.line + 1}: anchors are not used")
        if getattr(event, "tag", None) is not None:
            raise GraphError(f"graph file, line {event.start_mark.line + 1}: tags are not used")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise GraphError(f"graph file, line {line}: '{key.value}' is there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _tag, _pattern, _first in _RESOLVERS:
    for _kind in (_Loader, _Dumper):
        _kind.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))


def write(document: Any) -> str:
    """Plain data as text."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def read(text: str) -> Any:
    """The plain data of a text; GraphError with the line that is wrong."""
    if len(text) > _LONGEST:
        raise GraphError(f"graph file: longer than {_LONGEST} characters; split the graph")
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise GraphError(f"graph file{line}: {problem}") from None
    except (RecursionError, ValueError, TypeError) as error:
        raise GraphError(f"graph file: it is not plain YAML ({type(error).__name__})") from None
