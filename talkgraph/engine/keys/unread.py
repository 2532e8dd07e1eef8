"""Parameters that a node declares and no code of it reads: they come and go without a rerun.

A parameter that is new, and not read yet, cannot change a result, so its declaration is left out of
the digest of the code; a value other than its default is in the key all the same. In doubt (the
node passes itself on, is decorated, inherits) every declaration counts.
"""

from __future__ import annotations

import ast

_PLAIN = {"property", "cached_property", "staticmethod", "classmethod", "override"}
_REVEALING = {"super", "locals", "vars", "eval", "exec", "__class__"}
_COPYING = {"with_params", "on"}


def without_unread(cls: ast.ClassDef) -> list[ast.stmt]:
    """The body of a node class that inherits from `Node` alone, without unread parameters."""
    if len(cls.decorator_list) > 1 or cls.keywords or any(map(_reveals, cls.body)):
        return cls.body
    declared = {id(one): name for one in cls.body if (name := _parameter(one))}
    inside = [inner for one in cls.body for inner in ast.walk(one)]
    read = {inner.attr for inner in inside if isinstance(inner, ast.Attribute)}
    read |= {
        inner.id
        for inner in inside
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Store)
    }
    return [one for one in cls.body if id(one) not in declared or declared[id(one)] in read]


def _parameter(statement: ast.stmt) -> str | None:
    """The name that a statement ``name: type = param(...)`` declares."""
    match statement:
        case ast.AnnAssign(
            target=ast.Name(id=name),
            value=ast.Call(func=ast.Name(id="param") | ast.Attribute(attr="param")),
        ):
            return name
    return None


def _reveals(statement: ast.stmt) -> bool:
    """Whether a statement of the class may read fields other than as ``self.name``."""
    inside = list(ast.walk(statement))
    if any(isinstance(inner, ast.Name) and inner.id in _REVEALING for inner in inside):
        return True
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return any(isinstance(inner, ast.Lambda | ast.ClassDef) for inner in inside)
    decorators = {getattr(one, "id", getattr(one, "attr", "")) for one in statement.decorator_list}
    arguments = [*statement.args.posonlyargs, *statement.args.args]
    if decorators - _PLAIN or not arguments:
        return bool(decorators - {"staticmethod"})
    self = arguments[0].arg
    fields = [
        inner
        for inner in inside
        if isinstance(inner, ast.Attribute)
        and isinstance(inner.value, ast.Name)
        and inner.value.id == self
    ]
    if any(one.attr.startswith("__") or one.attr in _COPYING for one in fields):
        return True
    known = {id(one.value) for one in fields}
    return any(
        isinstance(inner, ast.Name) and inner.id == self and id(inner) not in known
        for inner in inside
    )
