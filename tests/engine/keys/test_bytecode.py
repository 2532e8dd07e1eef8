"""What is left out of the digest of a function: docstrings, comments, layout."""

import ast
import types

from talkgraph.engine.keys.bytecode import facts_of
from tests.places import ROOT


def functions(code):
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            if inner.co_flags & 2:  # of a function, not of a class
                yield inner.co_qualname, facts_of(inner).digest
            yield from functions(inner)


def without_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, False):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def test_all_of_talkgraph_spelled_anew_without_docstrings_is_the_same():
    seen = 0
    for path in sorted((ROOT / "talkgraph").rglob("*.py")):
        text = path.read_text()
        anew = ast.unparse(without_docstrings(ast.parse(text)))
        before = list(functions(compile(text, "a", "exec", dont_inherit=True)))
        assert before == list(functions(compile(anew, "b", "exec", dont_inherit=True))), path
        seen += len(before)
    assert seen > 1000
