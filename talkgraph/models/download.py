"""Fetch one file over HTTPS: resumed after a break, tried again, and published only when whole."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from talkgraph.errors import ModelError

if TYPE_CHECKING:
    import http.client

_BLOCK = 1 << 18  # bytes read at a time
_ABANDONED_S = 120.0  # a part that no run has written to for so long belongs to none
_PERMANENT = {400, 401, 403, 404, 405, 410}  # HTTP answers that trying again will not change

Progress = Callable[[int, int], None]


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(
    url: str,
    target: Path,
    *,
    size: int,
    sha256: str,
    tries: int = 4,
    timeout: float = 30.0,
    pause: float = 1.0,
    progress: Progress | None = None,
) -> None:
    """Fetch `url` to `target`; on any failure `target` is not made.

    A break leaves `<target>.part`, from which the next try or run goes on. The file appears only
    after its sha256 was checked; with a wrong one everything is removed.

    Args:
        size: expected bytes; more than that is never written.
        sha256: hexadecimal.
        tries: attempts before giving up; `pause` s doubles between them.

    Raises:
        ModelError: offline, refused, cut off or wrong content.
    """
    kept = target.with_name(target.name + ".part")
    part = _claim(kept)
    try:
        _fetch_whole(url, part, size, sha256, tries, timeout, pause, progress)
        os.replace(part, target)
    finally:
        if part.exists():
            os.replace(part, kept)


def _claim(kept: Path) -> Path:
    """Take over what an earlier run left, under a name of our own, so that no two runs write it."""
    part = kept.with_name(f"{kept.stem}.{secrets.token_hex(4)}.part")
    for other in list(kept.parent.glob(f"{glob.escape(kept.stem)}.*part")):
        with contextlib.suppress(OSError):  # another run was quicker, or done with it
            if other == kept or time.time() - other.stat().st_mtime > _ABANDONED_S:
                os.replace(other, part)
    return part


def _fetch_whole(
    url: str,
    part: Path,
    size: int,
    sha256: str,
    tries: int,
    timeout: float,
    pause: float,
    progress: Progress | None,
) -> None:
    """Fill `part` until its size and sha256 are right."""
    import http.client
    import urllib.error

    reason = ""
    for attempt in range(tries):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            _fetch_rest(url, part, size, timeout, progress)
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code} {error.reason}"
            if error.code in _PERMANENT:
                break
            if error.code == 416:  # the part is longer than what the server has
                part.unlink(missing_ok=True)
            continue
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
            continue
        got = part.stat().st_size
        if got < size:
            reason = f"the connection closed after {got} of {size} bytes"
            continue
        if sha256_of(part) != sha256:
            part.unlink()
            reason = "its sha256 is not the expected one; nothing was kept"
            continue
        return
    raise ModelError(
        f"could not fetch {url}: {reason}. Check the connection (or the proxy) and run it again"
    )


def _fetch_rest(url: str, part: Path, size: int, timeout: float, progress: Progress | None) -> None:
    """Append what is missing to `part`."""
    import urllib.request  # a tenth of a second, which those who fetch nothing are spared

    have = part.stat().st_size if part.exists() else 0
    if have > size:
        part.unlink()
        have = 0
    if have == size:
        return
    request = urllib.request.Request(url, headers={"User-Agent": "talkgraph"})  # noqa: S310
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
        resumed = have > 0 and answer.status == 206 and _starts_at(answer, have)
        with part.open("ab" if resumed else "wb") as file:
            done = have if resumed else 0
            while block := answer.read(_BLOCK):
                if done + len(block) > size:
                    file.truncate(0)
                    raise OSError(f"the server sent more than the expected {size} bytes")
                file.write(block)
                done += len(block)
                if progress:
                    progress(done, size)


def _starts_at(answer: http.client.HTTPResponse, offset: int) -> bool:
    return (answer.headers.get("Content-Range") or "").startswith(f"bytes {offset}-")
