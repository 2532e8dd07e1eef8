"""List the nodes by stages, in the order of the chain, or tell all about one."""

from __future__ import annotations

import argparse
import ast
import contextlib
import inspect
import re
import sys
from typing import TYPE_CHECKING, Any

import attrs

from talkgraph.cli.options import add_debug, add_json, print_json
from talkgraph.errors import GraphError

if TYPE_CHECKING:
    from doctest import Example

NAME = "nodes"
HELP = "list the nodes that graphs are made of, or tell all about one"
_BLOCKS = (ast.Try, ast.With, ast.For, ast.While, ast.If, ast.FunctionDef, ast.ClassDef)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph nodes`."""
    parser.add_argument("id", nargs="?", metavar="ID", help="of one node, such as fit_face")
    add_json(parser)
    add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Print the index of the nodes, or what one says of itself."""
    from talkgraph.engine.declare.registry import broken, node_class

    if args.id is not None:
        cls = node_class(args.id)
        print_json(facts(cls)) if args.json else print(_page(cls))
        return 0
    stages = by_stage()
    if args.json:
        print_json({stage: [facts(cls) for cls in classes] for stage, classes in stages.items()})
    else:
        print("\n\n".join(_index(stage, classes) for stage, classes in stages.items()))
    for line in broken():
        print(f"talkgraph nodes: left out: {line}", file=sys.stderr)
    return 0


def by_stage() -> dict[str, list[type]]:
    """Node classes by their stage: ours as `talkgraph.nodes` lists them, then those of others."""
    from talkgraph import nodes
    from talkgraph.engine.declare.ports import signature
    from talkgraph.engine.declare.registry import node_class, node_ids

    listed = re.findall(r"^    (\w+) ", nodes.__doc__ or "", re.MULTILINE)
    index = {id: place for place, id in enumerate(listed)}
    found: dict[str, list[type]] = {}
    for id in sorted(node_ids(), key=lambda id: (index.get(id, len(index)), id)):
        cls = node_class(id)
        with contextlib.suppress(GraphError):  # a faulty `run`: no graph can have such a node
            signature(cls)
            found.setdefault(_stage(cls), []).append(cls)
    return found


def _stage(cls: type) -> str:
    """The folder of a node of ours, the module of another."""
    rest = cls.__module__.removeprefix("talkgraph.nodes.")
    return cls.__module__ if rest == cls.__module__ else rest.partition(".")[0]


def _index(stage: str, classes: list[type]) -> str:
    from talkgraph.engine.declare.description import ports_line, summary

    lines = [stage]
    for cls in classes:
        id: str = cls.node_id  # type: ignore[attr-defined]
        lines += [f"  {id:<22}{ports_line(cls)}", f"    {summary(cls)}"]
    return "\n".join(lines)


def _page(cls: Any) -> str:
    home = f"{cls.__module__}.{cls.__qualname__}"
    return f"{cls.node_id} v{cls.node_version}, {home}\n\n{_pasteable(inspect.getdoc(cls) or '')}"


def _pasteable(text: str) -> str:
    """A docstring whose example can be pasted into any prompt.

    That takes no `>>>` and no indented line, and wants an empty one after a block; what the
    example prints becomes comments.
    """
    from doctest import DocTestParser

    parts = DocTestParser().parse(text)
    return "".join(part if isinstance(part, str) else _typed(part) for part in parts)


def _typed(example: Example) -> str:
    end = "\n" if isinstance(ast.parse(example.source).body[-1], _BLOCKS) else ""
    printed = "".join(f"# {line}\n" for line in example.want.splitlines())
    return f"{example.source}{end}{printed}"


def facts(cls: Any) -> dict[str, Any]:
    """What a node says of itself, as JSON."""
    from talkgraph.engine.declare.description import parameters, summary
    from talkgraph.engine.declare.ports import signature
    from talkgraph.engine.declare.types import type_name

    ports = signature(cls)
    return {
        "id": cls.node_id,
        "version": cls.node_version,
        "class": f"{cls.__module__}.{cls.__qualname__}",
        "about": summary(cls),
        "inputs": {
            name: {"type": type_name(port.type), "required": port.required}
            for name, port in ports.inputs.items()
        },
        "output": type_name(ports.output),
        "parameters": {
            name: {
                "type": type_name(one.type),
                "needed": one.needed,
                **({} if one.default is attrs.NOTHING else {"default": _plain(one.default)}),
                "unit": one.unit,
                "bounds": dict(one.bounds),
                "choices": None if one.choices is None else _plain(one.choices),
                "keyed": one.keyed,
                "help": one.help,
            }
            for name, one in parameters(cls).items()
        },
    }


def _plain(value: Any) -> Any:
    """A default as a graph file spells it, or else in words."""
    from talkgraph.engine.declare.graph_file import plain_value
    from talkgraph.engine.declare.types import brief

    try:
        return plain_value(value, "default")
    except GraphError:
        return brief(value)
