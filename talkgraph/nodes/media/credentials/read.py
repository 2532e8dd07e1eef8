"""Takes credentials out of a file and checks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import attrs

from talkgraph.cache.upkeep import visible
from talkgraph.nodes.media.boxes import C2PA, boxes, find_uuid
from talkgraph.nodes.media.credentials.library import FORMAT, context
from talkgraph.nodes.media.credentials.manifest import GENERATOR

_UNTRUSTED = "signingCredential.untrusted"
_LONGEST = 1 << 24  # bytes of credentials

State = Literal["none", "intact", "altered"]


@attrs.frozen
class Credentials:
    """What a file's credentials say, and whether it is still what they speak of.

    state: `none`; `intact`; `altered`, if file or credentials were changed after the signing.
    problems: what does not fit, in words; of a signer that nobody vouches for, none.
    generator, source_type: what made it, and how, as claimed.
    signer, issuer: names in the certificate. trusted: whether one that is trusted vouches for it.
    signed: when, as a time stamp states it (ISO 8601); empty without one.
    inputs: names and digests of what it was made of.
    """

    state: State
    problems: tuple[str, ...] = ()
    generator: str = ""
    source_type: str = ""
    signer: str = ""
    issuer: str = ""
    trusted: bool = False
    signed: str = ""
    inputs: tuple[tuple[str, str], ...] = ()

    @property
    def ours(self) -> bool:
        """Whether talkgraph made the file, as it claims."""
        return self.generator.partition(" ")[0] == GENERATOR


def credentials_of(path: Path, trusted: bytes | None = None) -> Credentials:
    """Read and check the credentials of an MP4 file; of any other, there are none.

    Args:
        trusted: certificates, PEM, whose word is taken for a signer's name.
    """
    import c2pa

    with path.open("rb") as file:
        first = next(boxes(file), None)
        if first is None or first.kind != b"ftyp":
            return Credentials("none")
        box = find_uuid(file, C2PA)
        if box is not None and box.size > _LONGEST:
            return Credentials("altered", (f"credentials of {box.size} bytes are none",))
        file.seek(0)
        try:
            with c2pa.Reader(FORMAT, file, context=context(trusted)) as reader:
                found = json.loads(reader.json())
        except c2pa.C2paError as error:
            if box is None:
                return Credentials("none")
            return Credentials("altered", (f"they cannot be read: {_text(error)}",))
    try:
        return _credentials(found)
    except (KeyError, TypeError, AttributeError):  # what damage leaves of them
        return Credentials("altered", ("they cannot be read: parts of them are missing",))


def _credentials(found: dict[str, Any]) -> Credentials:
    active = found["manifests"][found["active_manifest"]]
    results = found.get("validation_results", {}).get("activeManifest", {})
    failures = results.get("failure", [])
    broken = [one for one in failures if one.get("code") != _UNTRUSTED]
    whole = found.get("validation_state") in ("Valid", "Trusted") and not broken
    problems = [_text(one.get("explanation") or one.get("code")) for one in broken]
    agent = (active.get("claim_generator_info") or [{}])[0]
    signature = active.get("signature_info") or {}
    return Credentials(
        state="intact" if whole else "altered",
        problems=tuple(dict.fromkeys(problems)),
        generator=_text(f"{agent.get('name', '')} {agent.get('version', '')}".strip()),
        source_type=_source_type(active),
        signer=_text(signature.get("common_name", "")),
        issuer=_text(signature.get("issuer", "")),
        trusted=whole and not failures and found.get("validation_state") == "Trusted",
        signed=_text(signature.get("time", "")),
        inputs=tuple(
            (_text(one.get("title", "")), _text(one.get("instance_id", "")))
            for one in active.get("ingredients", [])
        ),
    )


def _source_type(active: dict[str, Any]) -> str:
    for assertion in active.get("assertions", []):
        if assertion.get("label", "").startswith("c2pa.actions"):
            for action in assertion["data"].get("actions", []):
                if uri := action.get("digitalSourceType"):
                    return _text(uri).rpartition("/")[2]
    return ""


def _text(value: object) -> str:
    """What a stranger wrote, in one line that no terminal obeys."""
    return visible(" ".join(str(value).split()))[:200]
