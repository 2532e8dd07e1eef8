"""c2pa-python with the settings that hold wherever it is used: nothing is fetched, ever.

Only a time stamp goes over the network, when one is asked for.
"""

from __future__ import annotations

from typing import Any

FORMAT = "video/mp4"


def context(trusted: bytes | None = None) -> Any:
    """A context of the library.

    Args:
        trusted: certificates, PEM, whose word is taken for a signer's name.
    """
    import c2pa

    settings: dict[str, Any] = {
        "verify": {"ocsp_fetch": False, "remote_manifest_fetch": False, "verify_after_sign": False},
        "builder": {"thumbnail": {"enabled": False}},
    }
    if trusted is not None:
        settings["trust"] = {"user_anchors": trusted.decode("ascii", "replace")}
    return c2pa.Context(c2pa.Settings.from_dict(settings))
