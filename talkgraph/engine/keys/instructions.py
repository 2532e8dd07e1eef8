"""The instructions of a code object, alike however its source is laid out, in every Python.

Python puts two loads into one instruction where they stand on one line, and copies a jump to the
end of a loop where it belongs to no line: neither changes what the code does.
"""

from __future__ import annotations

import dis
import sys
import types
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple

Handler = tuple[int, int, int, int]
"""Of the exception table: first instruction, the one after the last, handler, kept on the stack."""


class Step(NamedTuple):
    """One instruction: where it lies, its name, its argument and what that stands for."""

    offset: int
    name: str
    kind: str  # of `value`: name, constant, variable, jump; or nothing
    argument: int
    value: Any  # of a jump: the number of the instruction where it ends


def instructions(code: types.CodeType) -> tuple[list[Step], list[Handler]]:
    """The instructions of a code object without those that do nothing, and what handles errors."""
    steps = list(_decoded(code))
    offsets = [step.offset for step in steps]
    ends = [*(_end(steps, at, offsets) for at in range(len(steps))), len(steps)]
    numbers, kept = [], list[Step]()
    taken_over = False  # a jump, by the condition before it
    for at, step in enumerate(steps):
        numbers.append(len(kept))
        if taken_over:
            taken_over = False
            continue
        if step.kind == "jump":
            value = ends[bisect_left(offsets, step.value)]
            step = step._replace(name=_direction(step.name), value=value)
            taken_over = step.name in _OPPOSITE and _jumps(steps, at + 1) and ends[at + 2] == value
            if taken_over:
                step = step._replace(name=_OPPOSITE[step.name], value=ends[at + 1])
        kept.append(step)
    numbers.append(len(kept))
    made = [s._replace(value=numbers[s.value]) if s.kind == "jump" else s for s in kept]
    return made, _joined(
        (*(numbers[bisect_left(offsets, place)] for place in places), depth)
        for *places, depth in _handlers(code)
    )


def _decoded(code: types.CodeType) -> Iterator[Step]:
    """One by one; the value of a jump is the offset where it ends."""
    data, names, constants = code.co_code, code.co_names, code.co_consts
    own = set(code.co_varnames)
    slots = (*code.co_varnames, *(n for n in code.co_cellvars if n not in own), *code.co_freevars)
    extended = 0
    for at in range(0, len(data), 2):
        name, kind, shift = _OPERATIONS[data[at]]
        if kind == "skipped":
            continue
        argument = data[at + 1] | extended
        if kind == "extended":
            extended = argument << 8
            continue
        extended = 0
        value: Any = None
        if kind == "jump":
            after = at + 2
            while after < len(data) and data[after] == 0:  # its cache
                after += 2
            value = after + 2 * (-argument if "BACKWARD" in name else argument)
        elif kind == "name":
            value, argument = names[argument >> shift], argument & ~(-1 << shift)
        elif kind == "constant":
            value = constants[argument]
        elif kind == "variable":
            value = slots[argument]
        elif kind == "variables":
            first, second = name.split("_FAST_", 1)
            yield Step(at, f"{first}_FAST", "variable", argument >> 4, slots[argument >> 4])
            name, kind, argument = second, "variable", argument & 15
            value = slots[argument]
        yield Step(at, name, kind, argument, value)


def _operation(number: int, name: str) -> tuple[str, str, int]:
    """Name and kind of an operation, and by how much its argument is shifted."""
    kind = ""
    if name in ("CACHE", "NOP", "RESUME", "NOT_TAKEN"):
        kind = "skipped"
    elif name == "EXTENDED_ARG":
        kind = "extended"
    elif number in dis.hasjrel:
        kind = "jump"
    elif number in dis.hasname:
        kind = "name"
    elif number in dis.hasconst:
        kind = "constant"
    elif name.count("_FAST") == 2:  # two at once
        kind = "variables"
    elif number in dis.haslocal or number in dis.hasfree:
        kind = "variable"
    shift = {"LOAD_GLOBAL": 1, "LOAD_SUPER_ATTR": 2}.get(name, 0)
    if name == "LOAD_ATTR" and sys.version_info >= (3, 12):
        shift = 1  # says whether a method is called
    return name.replace("_BORROW", ""), kind, shift


_OPERATIONS = [_operation(number, name) for number, name in enumerate(dis.opname)]
_OPPOSITE = {
    "POP_JUMP_IF_TRUE": "POP_JUMP_IF_FALSE", "POP_JUMP_IF_FALSE": "POP_JUMP_IF_TRUE",
    "POP_JUMP_IF_NONE": "POP_JUMP_IF_NOT_NONE", "POP_JUMP_IF_NOT_NONE": "POP_JUMP_IF_NONE",
}  # fmt: skip


def _direction(name: str) -> str:
    """The name of a jump, whichever way it goes."""
    return name.replace("_FORWARD", "").replace("_BACKWARD", "").replace("_NO_INTERRUPT", "")


def _jumps(steps: list[Step], at: int) -> bool:
    """Whether an instruction is a jump without a condition."""
    return at < len(steps) and _direction(steps[at].name) == "JUMP"


def _end(steps: list[Step], at: int, offsets: list[int]) -> int:
    """The number of the instruction that comes next at one, by way of jumps that follow at once."""
    for _ in steps:
        if not _jumps(steps, at):
            break
        at = bisect_left(offsets, steps[at].value)
    return at


def _joined(handlers: Iterator[Any]) -> list[Handler]:
    """Ranges that follow each other as one, where one handler has both; none that are empty."""
    found: list[Handler] = []
    for start, end, handler, depth in handlers:
        if found and found[-1][1:] == (start, handler, depth):
            found[-1] = (found[-1][0], end, handler, depth)
        elif start != end:
            found.append((start, end, handler, depth))
    return found


def _handlers(code: types.CodeType) -> Iterator[Handler]:
    """The exception table, with places as offsets."""
    data = iter(code.co_exceptiontable)
    numbers: list[int] = []
    for byte in data:
        number = byte & 63
        while byte & 64:
            byte = next(data)
            number = number << 6 | byte & 63
        numbers.append(number)
    for at in range(0, len(numbers), 4):
        start, length, target, rest = numbers[at : at + 4]
        yield 2 * start, 2 * (start + length), 2 * target, rest
