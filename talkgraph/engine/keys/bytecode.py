"""What a code object does and what it names, without what changes no result.

Read from the bytecode that runs, not from a source that may have been edited since. Left out are
docstrings, line numbers, file names, names of local variables, and the no-operations that depend on
where lines break.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from talkgraph.cache.keys import digest_bytes
from talkgraph.engine.keys.instructions import Step, instructions

Chain = tuple[str, ...]
"""A name and the attributes that are read of it, ``("np", "linalg", "norm")``."""

WRITES = frozenset({
    "append", "extend", "add", "update", "insert", "discard", "clear", "appendleft",
    "write_text", "write_bytes", "touch", "unlink", "mkdir",
})  # fmt: skip
"""Methods that change what they are called on and tell nothing of it."""

_BY_NAME = frozenset({"locals", "vars", "eval", "exec", "dir", "globals"})
_OF_THE_CLASS = frozenset(
    {"__doc__", "__qualname__", "__module__", "__firstlineno__", "__static_attributes__"}
)
_FLAGS = 0x3EF & ~0x10  # arguments and kind of a function; not whether it lies in another one
_READS = frozenset({"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})


@attrs.frozen
class Import:
    """An import inside a function: module, dots before it, the name taken from it, and what is read
    of that."""

    module: str
    level: int
    name: str
    chain: Chain

    @classmethod
    def of(cls, text: str) -> Import:
        """What ``import_module(text)`` imports."""
        name = text.lstrip(".")
        return cls(name, len(text) - len(name), "", ())


@attrs.frozen(eq=False)
class Facts:
    """What a function does and names.

    digest: of what it does.
    globals: names of its module that it reads, with attributes, in the order of first use.
    imports: what it imports when it runs.
    named: names of its module that hold the name of a module that it imports.
    imported: the names of its module that it binds by that.
    variables: of its own and of its surroundings -> what is read of them; ``()`` for the whole.
    by_name: it may look at its variables by names made at run time.
    dynamic: it may look so at its module.
    """

    digest: str
    globals: tuple[Chain, ...]
    imports: tuple[Import, ...]
    named: tuple[str, ...]
    imported: frozenset[str]
    variables: Mapping[str, frozenset[Chain]]
    by_name: bool
    dynamic: bool

    def only_writes(self, name: str) -> bool:
        """Whether a variable is only written into."""
        return all(len(c) == 1 and c[0] in WRITES for c in self.variables.get(name, ()))


_known: weakref.WeakKeyDictionary[types.CodeType, Facts] = weakref.WeakKeyDictionary()


def facts_of(code: types.CodeType) -> Facts:
    """Facts of a code object and of those inside it; they never change."""
    found = _known.get(code)
    if found is None:
        reader = _Reader()
        reader.read(code)
        variables = {name: frozenset(chains) for name, chains in reader.variables.items()}
        words = "\n".join(reader.words).encode(errors="surrogatepass")
        names = {chain[0] for chain in reader.globals}
        found = _known[code] = Facts(
            digest_bytes(words), tuple(reader.globals), tuple(reader.imports),
            tuple(reader.named), frozenset(reader.imported), variables, bool(names & _BY_NAME),
            bool(names & {"globals", "eval", "exec"}) or _looks_up_modules(reader.globals),
        )  # fmt: skip
    return found


class _Reader:
    """One walk over a code object and those inside it."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.globals: dict[Chain, int] = {}
        self.imports: dict[Import, None] = {}
        self.named: dict[str, None] = {}
        self.imported: set[str] = set()
        self.variables: dict[str, set[Chain]] = {}

    def read(self, code: types.CodeType) -> None:
        """Note all that a code object does."""
        steps, handlers = instructions(code)
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & 4) + bool(code.co_flags & 8)
        signature = (*code.co_varnames[:count], code.co_argcount, code.co_posonlyargcount)
        self.words.append(f"code {signature} {code.co_kwonlyargcount} {code.co_flags & _FLAGS}")
        stored: dict[str, list[Import]] = {}
        skipped = False
        for at, step in enumerate(steps):
            of_the_class = at + 1 < len(steps) and steps[at + 1].name == "STORE_NAME"
            if of_the_class and steps[at + 1].value in _OF_THE_CLASS:
                skipped = True
                continue
            if skipped:
                skipped = False
                continue
            self._step(step, steps, at)
            if step.name == "IMPORT_NAME":
                for target, one in _imported(steps, at):
                    stored.setdefault(str(target.value), []).append(one)
                    if target.kind == "name":
                        self.imported.add(str(target.value))
        self.words += [f"try {' '.join(map(str, handler))}" for handler in handlers]
        if not _BY_NAME.isdisjoint(code.co_names):
            self.words.append(f"{code.co_varnames} {code.co_cellvars} {code.co_freevars}")
        for variable, found in stored.items():
            chains = self.variables.get(variable, set())
            if variable in self.imported:  # others may read it too
                chains = {chain[1:] for chain in self.globals if chain[0] == variable} or {()}
            for one in found:
                for chain in sorted(chains):
                    self.imports[attrs.evolve(one, chain=chain)] = None

    def _step(self, step: Step, steps: list[Step], at: int) -> None:
        """Add the words of one instruction, and what it names."""
        _, name, kind, argument, value = step
        if kind == "jump":
            self.words.append(f"{name} {value}")
        elif name in _READS:
            chain = (value, *_attributes(steps, at))
            self._import_by_name(chain, steps[at + len(chain) :])
            number = self.globals.setdefault(chain, len(self.globals))
            shown = argument if name == "LOAD_GLOBAL" else value
            self.words.append(f"{name} {shown} {number}")
        elif kind == "name":
            self.words.append(f"{name} {value} {argument}")
        elif kind == "constant":
            self.words.append(name)
            self._constant(value)
        else:
            self.words.append(f"{name} {argument}")
            if kind and name.startswith("LOAD_") and name != "LOAD_CLOSURE":
                chain = (value, *_attributes(steps, at))
                self._import_by_name(chain, steps[at + len(chain) :])
                self.variables.setdefault(value, set()).add(chain[1:])

    def _import_by_name(self, chain: Chain, steps: list[Step]) -> None:
        """Note ``import_module("name")``, and ``import_module(NAME)``."""
        if chain[-1] not in ("import_module", "__import__"):
            return
        if steps and steps[0].name == "PUSH_NULL":  # before the arguments since Python 3.13
            steps = steps[1:]
        if steps and isinstance(steps[0].value, str) and steps[0].kind == "constant":
            self.imports[Import.of(steps[0].value)] = None
        elif steps and steps[0].name in _READS:
            self.named[steps[0].value] = None

    def _constant(self, value: Any) -> None:
        if isinstance(value, types.CodeType):
            self.words.append(f"inner {value.co_name}")
            outer, self.variables = self.variables, {}
            self.read(value)
            for name in value.co_freevars:
                outer.setdefault(name, set()).update(self.variables.get(name, ()))
            self.variables = outer
        else:
            self.words.append(_spelled(value))


def _spelled(value: Any) -> str:
    """A constant with its type, sets in one order."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_spelled, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_spelled, value)))}}}"
    return f"{type(value).__name__} {hex(value) if type(value) is int else repr(value)}"


def _looks_up_modules(chains: Iterable[Chain]) -> bool:
    """Whether ``sys.modules`` is read, as in ``sys.modules[__name__]``."""
    return any(chain[-2:] == ("sys", "modules") for chain in chains)


def _attributes(steps: list[Step], at: int) -> Chain:
    """The attributes that are read, one of the other, of what an instruction loads."""
    found = []
    for step in steps[at + 1 :]:
        if step.name not in ("LOAD_ATTR", "LOAD_METHOD"):
            break
        found.append(step.value)
    return tuple(found)


def _imported(steps: list[Step], at: int) -> Iterator[tuple[Step, Import]]:
    """(where it is stored, what it stands for) of the import at an instruction."""
    module, taken = steps[at].value, steps[at - 1].value
    level = steps[at - 2].value if steps[at - 2].kind else steps[at - 2].argument
    if taken is None and steps[at + 1].name != "IMPORT_FROM":  # import a.b binds a
        yield steps[at + 1], Import(module.partition(".")[0], level, "", ())
        return
    for one, step in enumerate(steps[at + 1 :], at + 1):
        if taken is None and step.name.startswith("STORE_"):  # import a.b as c
            yield step, Import(module, level, "", ())
            return
        if taken and step.name == "IMPORT_FROM":
            yield steps[one + 1], Import(module, level, step.value, ())
        elif taken and not step.name.startswith("STORE_"):
            return
