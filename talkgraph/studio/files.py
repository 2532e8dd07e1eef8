"""Files that come in and go out: one private folder, random names, found by id alone.

Nothing that a client says takes part in a path. The folder goes when the studio ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

import attrs
from starlette.concurrency import run_in_threadpool

from talkgraph.errors import InputError

LARGEST = 4 << 30  # bytes of one upload
ROOM = 16 << 30  # bytes of all uploads together
_PREFIX = "talkgraph-studio-"
_LOCK = "lock"  # held as long as a studio lives
_LONGEST_LABEL = 80  # characters

# A path or name as `receive` makes them; what is stored may hold one of an earlier session.
_OURS = re.compile(rf"(?:[^\s'\"]*{_PREFIX}[^\s/]+/)?(upload-[0-9a-f]{{32}})")

_MEDIA_TYPES = {".mp4": "video/mp4", ".html": "text/html", ".wav": "audio/wav", ".png": "image/png"}


class TooLarge(InputError):
    """An upload that exceeds a limit."""


@attrs.frozen
class Upload:
    """A file from the browser; `label` is what its owner calls it, for messages only."""

    id: str
    path: Path
    label: str
    size: int


@attrs.frozen
class Output:
    """A file for the browser."""

    path: Path
    name: str
    media_type: str


class Files:
    """The private folder and what is registered in it."""

    def __init__(self, largest: int = LARGEST, room: int = ROOM) -> None:
        self.largest = largest
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        self._room = room
        self._lock = open(self.folder / _LOCK, "wb")  # noqa: SIM115  held until `close`
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _sweep(self.folder.parent)
        self._uploads: dict[str, Upload] = {}
        self._outputs: dict[str, Output] = {}

    def close(self) -> None:
        """Remove everything."""
        self._uploads.clear()
        self._outputs.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()

    # -- in --------------------------------------------------------------------------------------

    async def receive(self, chunks: AsyncIterator[bytes], label: str) -> Upload:
        """Write an upload to disk as it arrives; what is refused or cut off leaves nothing.

        Raises:
            TooLarge: it is larger than allowed, or all uploads together are.
            InputError: it is empty.
        """
        path = self.folder / f"upload-{secrets.token_hex(16)}"
        size = 0
        try:
            with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    self.check_size(size)
                    await run_in_threadpool(file.write, chunk)
            if size == 0:
                raise InputError(f"{clean(label)}: is empty; copy or export it again")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        upload = Upload(secrets.token_hex(16), path, clean(label), size)
        self._uploads[upload.id] = upload
        return upload

    def check_size(self, size: int) -> None:
        """Refuse an upload of that many bytes, as soon as it is known to have them."""
        if size > self.largest:
            raise TooLarge(f"the file is larger than {_text(self.largest)}; cut or compress it")
        if size + sum(upload.size for upload in self._uploads.values()) > self._room:
            raise TooLarge(
                f"the files of this session are larger than {_text(self._room)}; "
                "start the studio anew"
            )

    def paths(self) -> dict[str, Path]:
        """Where each upload lies, by id."""
        return {id: upload.path for id, upload in self._uploads.items()}

    def labels(self) -> dict[str, str]:
        """What its owner calls each upload, by our name of it."""
        return {upload.path.name: upload.label for upload in list(self._uploads.values())}

    # -- out -------------------------------------------------------------------------------------

    def new_folder(self) -> Path:
        """An empty folder for the outputs of one job."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def publish(self, path: Path, name: str) -> str:
        """Register a file below the folder for download; returns its id."""
        media_type = _MEDIA_TYPES.get(path.suffix, "application/octet-stream")
        id = secrets.token_hex(16)
        self._outputs[id] = Output(path, name, media_type)
        return id

    def withdraw(self, ids: Iterable[str | None], folder: Path) -> None:
        """Forget the outputs of a job and remove them."""
        for id in ids:
            if id is not None:
                self._outputs.pop(id, None)
        shutil.rmtree(folder, ignore_errors=True)

    def output(self, id: str) -> Output | None:
        """A registered output that is still an ordinary file inside the folder, links followed."""
        output = self._outputs.get(id)
        if output is None:
            return None
        with contextlib.suppress(OSError):
            real = output.path.resolve(strict=True)
            if real.is_relative_to(self.folder) and stat.S_ISREG(real.lstat().st_mode):
                return attrs.evolve(output, path=real)
        return None


def _sweep(parent: Path) -> None:
    """Remove the folders of studios that were killed: their locks are free."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                continue  # another user's, or a link
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


def in_words(text: str, labels: Mapping[str, str]) -> str:
    """A message with the owner's names of files, see `Files.labels`, in the place of ours."""
    return _OURS.sub(lambda found: labels.get(found[1], "the file"), text)


def clean(label: str) -> str:
    """A client's name for a file as one short printable word or two."""
    text = "".join(letter if letter.isprintable() else " " for letter in label[:400])
    return " ".join(text.split())[:_LONGEST_LABEL] or "the file"


def _text(size: int) -> str:
    return f"{size / (1 << 30):g} GiB" if size >= 1 << 30 else f"{size / (1 << 20):g} MiB"
