"""Puts credentials into an MP4 file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from talkgraph.errors import InputError
from talkgraph.nodes.media.credentials.identity import Identity
from talkgraph.nodes.media.credentials.library import FORMAT, context


def sign(
    source: Path,
    target: Path,
    claim: dict[str, Any],
    identity: Identity,
    time_stamp: str | None = None,
) -> None:
    """Write `source` to `target` with a signed claim about every byte of it.

    Args:
        claim: of `manifest`.
        time_stamp: URL of an authority (RFC 3161) that states when; None asks nobody.

    Raises:
        InputError: the authority does not answer, or the certificate is not one for credentials.
    """
    import c2pa

    try:
        info = c2pa.C2paSignerInfo(identity.algorithm, identity.chain, identity.key, time_stamp)
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(json.dumps(claim), context()) as builder,
            source.open("rb") as original,
            target.open("w+b") as signed,
        ):
            builder.sign(signer, FORMAT, original, signed)
    except c2pa.C2paError as error:
        raise _failure(str(error), identity, time_stamp) from None


def _failure(said: str, identity: Identity, time_stamp: str | None) -> InputError:
    said = " ".join(said.split())
    if time_stamp is not None and ("http" in said or "time" in said.lower()):
        return InputError(
            f"{time_stamp}: gives no time stamp ({said}); try again later, or do without "
            "`time_stamp`"
        )
    return InputError(
        f"the certificate of '{identity.name}' cannot sign credentials ({said}); give another to "
        "`sign`"
    )
