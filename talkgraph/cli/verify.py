"""Say whether talkgraph made a video, and whether it is still as it was made.

Exit code 0: talkgraph made it; 3: nothing says so; 4: it was altered since it was signed.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs

from talkgraph.cli import options
from talkgraph.cli.output import check_input
from talkgraph.errors import InputError, TalkgraphError

if TYPE_CHECKING:
    from talkgraph.nodes.marking import Watermark
    from talkgraph.nodes.media.credentials import Credentials
    from talkgraph.nodes.media.provenance import Provenance

NAME = "verify"
HELP = "whether talkgraph made a video, and what became of it"
Verdict = Literal["ours", "not ours", "altered"]
EXIT_CODES: dict[Verdict, int] = {"ours": 0, "not ours": 3, "altered": 4}
_LARGEST_TRUST = 1 << 22  # bytes
_WHOLE = 0.98  # of the picture's side, as the watermark tells it: less is a crop


@attrs.frozen
class Findings:
    """What was found out about a file.

    watermark: None if its pictures cannot be looked at; `problem` says why.
    provenance: of the run that made it; None if it tells of none.
    unchanged: whether it is what its provenance speaks of; None without.
    """

    credentials: Credentials
    watermark: Watermark | None
    problem: str
    provenance: Provenance | None
    unchanged: bool | None

    @property
    def says_nothing(self) -> bool:
        """Whether there was nothing to look at: no pictures, and nothing that goes with them."""
        silent = self.credentials.state == "none" and self.provenance is None
        return silent and self.watermark is None

    @property
    def verdict(self) -> Verdict:
        """In a word. A copy that another program has made carries the watermark alone."""
        perhaps = self.credentials.ours or not self.credentials.generator
        if (self.credentials.state == "altered" and perhaps) or self.unchanged is False:
            return "altered"
        signed = self.credentials.state == "intact" and self.credentials.ours
        marked = self.watermark is not None and self.watermark.found
        return "ours" if signed or marked or self.unchanged else "not ours"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `talkgraph verify`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a video, whoever made it")
    parser.add_argument(
        "--trust", type=Path, metavar="ROOTS.pem",
        help="certificates whose word is taken for who signed; default: TALKGRAPH_TRUST, or none",
    )  # fmt: skip
    options.add_store(parser)
    options.add_json(parser)
    options.add_debug(parser)


def run(args: argparse.Namespace) -> int:
    """Look at credentials, watermark and lineage, and say what they come to."""
    check_input(args.file, "video")
    found = findings(args.file, _trusted(args.trust), args)
    if found.says_nothing:
        raise InputError(found.problem)
    if args.json:
        options.print_json(_json(args.file, found))
    else:
        _print(args.file, found)
    return EXIT_CODES[found.verdict]


def findings(path: Path, trusted: bytes | None, args: argparse.Namespace) -> Findings:
    """What a file says of itself, and what its pictures say."""
    from talkgraph.graphs import verify
    from talkgraph.nodes.media import credentials_of, provenance_of, unchanged

    credentials = credentials_of(path, trusted)
    provenance, whole, watermark, problem = None, None, None, ""
    try:
        provenance = provenance_of(path)
        whole = unchanged(path, provenance)
    except InputError:
        pass  # most videos carry none
    try:
        result = verify.graph().run(
            {"video": path},
            store=options.open_store(args),
            remember=False,
        )
        watermark = result.output
    except TalkgraphError as error:
        from talkgraph.cli.failure import explain

        problem = explain(error)[0]
    return Findings(credentials, watermark, problem, provenance, whole)


def _trusted(path: Path | None) -> bytes | None:
    named = path or os.environ.get("TALKGRAPH_TRUST")
    if not named:
        return None
    try:
        with Path(named).open("rb") as file:
            data = file.read(_LARGEST_TRUST)
    except OSError as error:
        raise InputError(f"{named}: cannot be read ({error.strerror}); check the path") from None
    if b"-----BEGIN CERTIFICATE-----" not in data or b"\0" in data:
        raise InputError(f"{named}: holds no certificate; give a PEM file of roots")
    return data


def _json(path: Path, found: Findings) -> dict[str, Any]:
    provenance = found.provenance
    return {
        "file": str(path),
        "verdict": found.verdict,
        "credentials": attrs.asdict(found.credentials),
        "watermark": _plain(found.watermark),
        "problem": found.problem or None,
        "lineage": None if provenance is None else attrs.asdict(provenance),
        "unchanged": found.unchanged,
    }


def _plain(mark: Watermark | None) -> dict[str, Any] | None:
    if mark is None:
        return None
    names = ("found", "score", "false_alarm", "share", "mirrored", "first")
    return {name: getattr(mark, name) for name in names}


_VERDICTS: dict[Verdict, str] = {
    "ours": "made by talkgraph",
    "not ours": "nothing says that talkgraph made it",
    "altered": "ALTERED since talkgraph made it",
}


def _print(path: Path, found: Findings) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    rows = [
        ("credentials", _credentials(found.credentials)),
        ("watermark", _watermark(found)),
        ("lineage", _lineage(found)),
    ]
    for name, text in rows:
        table.add_row(name, Text(text))
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    with console.capture() as shown:
        console.print(Text(f"{path}: {_VERDICTS[found.verdict]}"))
        console.print(table)
    for line in shown.get().splitlines():
        print(line.rstrip())  # a table fills its last column with spaces


def _credentials(found: Credentials) -> str:
    if found.state == "none":
        return "none: it was never signed, or another program has saved it since"
    lines = [f"{found.state}; {'; '.join(found.problems)}" if found.problems else found.state]
    if found.generator:
        lines.append(f"by {found.generator}, as {found.source_type or 'no kind of media'}")
    if found.signer:
        issuer = "" if found.issuer in found.signer else f", of {found.issuer}"
        trust = "a trusted root vouches for it" if found.trusted else "no trusted root knows it"
        when = f"at {found.signed}" if found.signed else "without a time stamp"
        lines.append(f"signed by {found.signer}{issuer}; {trust}; {when}")
    lines += [f"made of {name}, {digest}" for name, digest in found.inputs]
    return "\n".join(lines)


def _watermark(found: Findings) -> str:
    mark = found.watermark
    if mark is None:
        return f"unknown: {found.problem}"
    if not mark.found:
        return "none found"
    chance = f"the chance that an unmarked video looks so is at most {mark.false_alarm:.1g}"
    cut = f", in a part of {mark.share:.0%} of the picture's side" if mark.share < _WHOLE else ""
    mirrored = ", mirrored" if mark.mirrored else ""
    return f"found{cut}{mirrored}; {chance}"


def _lineage(found: Findings) -> str:
    if found.provenance is None:
        return "none"
    same = "unchanged" if found.unchanged else "CHANGED since"
    return f"graph {found.provenance.graph}, run {found.provenance.run}, {same}; see provenance"
