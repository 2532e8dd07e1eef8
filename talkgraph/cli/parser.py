"""argparse, with one line per error and the nearest known name in it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Container, Sequence
from typing import Any, NoReturn

from talkgraph.errors import nearest


class Parser(argparse.ArgumentParser):
    """An ArgumentParser without abbreviations, whose errors are one line on standard error."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Print one line and leave with exit code 2."""
        print(f"{self.prog}: {message}; see '{self.prog} --help'", file=sys.stderr)
        raise SystemExit(2)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        name = "/".join(action.option_strings) or action.metavar or action.dest
        raise argparse.ArgumentError(
            None,
            f"{name}: unknown '{value}'{nearest(str(value), known)}, known: {', '.join(known)}",
        )

    def check_options(self, arguments: Sequence[str]) -> None:
        """Refuse unknown long options, before argparse complains about what is missing instead."""
        parser: Parser = self
        takes_value = False
        for argument in arguments:
            if argument == "--":
                return
            known = parser._option_string_actions
            if (takes_value or os.path.exists(argument)) and _looks_like_option(argument, known):
                parser.error(
                    f"'{argument}' reads like an option; if it is the name of a file, write "
                    f"./{argument}"
                )
            action = known.get(argument)
            takes_value = action is not None and action.nargs is None
            if argument.startswith("--"):
                option = argument.split("=", 1)[0]
                if option not in known:
                    parser.error(f"unknown option {option}{nearest(option, known)}")
            else:
                parser = parser._command(argument) or parser

    def _command(self, name: str) -> Parser | None:
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found = action.choices.get(name)
                return found if isinstance(found, Parser) else None
        return None


def _looks_like_option(argument: str, known: Container[str]) -> bool:
    """Whether argparse would take a word for an option that is none: not a number, nor known."""
    if not argument.startswith("-") or argument == "-" or argument.split("=", 1)[0] in known:
        return False
    if argument.startswith("--"):
        return os.path.exists(argument)
    return not argument[1:].replace(".", "", 1).isdigit()
