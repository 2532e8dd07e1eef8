"""Files at an fsspec URL, within bounds: of time, of size, and of the kinds of error.

The file systems of fsspec retry what is worth a second try; what still fails is one of three: the
file is not there, the remote refuses us (`Refused`), or it is out of reach (`Unreachable`).
"""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from talkgraph.cache import disk
from talkgraph.errors import StoreError

PATIENCE = 20.0  # s for one request, and more for a large one:
SLOWEST = 1 << 18  # bytes/s that a transfer must reach

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+://")
_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"use_listings_cache": False, "max_concurrency": 1},  # one part of 50 MB in memory
    "file": {"auto_mkdir": True},
}
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_REFUSED = re.compile("Credential|Token|Unauthorized|ProfileNotFound")


def is_url(place: object) -> bool:
    """Whether a store's place is a URL and not a folder."""
    return isinstance(place, str) and _URL.match(place) is not None


class Unreachable(Exception):
    """The remote did not answer, or not as it should."""


class Refused(StoreError):
    """The remote does not let us do that."""


class _TooLarge(Exception):
    pass


class _Limit:
    """A progress callback for fsspec that ends a download beyond `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._done = 0

    def set_size(self, size: int | None) -> None:
        pass  # what is announced need not come; to stop here would leave the connection open

    def absolute_update(self, value: int) -> None:
        if value > self._most:
            raise _TooLarge

    def relative_update(self, more: int = 1) -> None:
        self._done += more
        self.absolute_update(self._done)


class ObjectStore:
    """The files below a URL. `root`: the local folder that downloads go to, for messages."""

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self.name = re.sub(r"//[^/@]*@", "//", url)  # for people: no password in it
        self._root = root
        self._lock = threading.Lock()
        self._opened: tuple[Any, str] | None = None

    def open(self) -> tuple[Any, str]:
        """The file system and the folder on it.

        Raises:
            StoreError: its kind is unknown or not installed.
            Unreachable: it does not answer.
        """
        with self._lock:
            if self._opened is None:
                try:
                    import fsspec

                    options = _OPTIONS.get(self.url.partition("://")[0], {})
                    self._opened = fsspec.core.url_to_fs(self.url, **options)
                except ImportError as error:
                    hint = "pip install 'talkgraph[s3]', or what this kind of URL needs"
                    raise StoreError(f"store {self.name}: {_line(error)}; {hint}") from error
                except (OSError, EOFError) as error:  # some connect at once
                    raise Unreachable(_line(error)) from error
                except Exception as error:  # whatever a file system makes of its settings
                    raise StoreError(f"store {self.name}: {_line(error)}; check the URL") from error
            return self._opened

    def size(self, name: str) -> int | None:
        """Size of a file, None if there is none."""
        try:
            found = self._call("info", self._path(name))
        except FileNotFoundError:
            return None
        return int(found["size"]) if found.get("type") == "file" else None

    def download(self, name: str, target: Path, most: int, size: int = 0) -> bool:
        """Whether there is such a file, of at most `most` bytes; its content is unchecked.

        Args:
            size: bytes that are expected, for which it has more time.
        """
        local = [str(target)]
        try:
            if not self.open()[0].async_impl and (self.size(name) or 0) > most:
                return False  # the local file system heeds no limit
            limit = _Limit(most)
            self._call("get_file", self._path(name), *local, size=size, callback=limit)
        except (FileNotFoundError, _TooLarge):
            return False
        return target.is_file()

    def upload(self, name: str, source: Path) -> None:
        """Put a local file there, in the place of any other; proven by its size afterwards.

        Raises:
            FileNotFoundError: the local file is gone.
        """
        size = source.stat().st_size
        try:
            self._call("put_file", str(source), self._path(name), size=size)
        except FileNotFoundError as error:
            if not source.exists():
                raise
            raise self._no_bucket(error) from error
        self._prove(name, size)

    def create(self, name: str, source: Path) -> None:
        """Put a small local file there; FileExistsError if there is one, where this is known."""
        data = source.read_bytes()
        try:
            self._call("pipe_file", self._path(name), data, size=len(data), mode="create")
        except FileNotFoundError as error:
            raise self._no_bucket(error) from error
        self._prove(name, len(data))

    def _prove(self, name: str, size: int) -> None:
        if self.size(name) != size:
            raise Unreachable(f"{name} did not arrive whole")

    def _no_bucket(self, error: Exception) -> StoreError:
        return StoreError(
            f"store {self.name}: {_line(error)}; make the bucket or folder, then run again"
        )

    def _path(self, name: str) -> str:
        return f"{self.open()[1].rstrip('/')}/{name}"

    def _call(self, operation: str, *arguments: Any, size: int = 0, **options: Any) -> Any:
        filesystem = self.open()[0]
        act, patience = getattr(filesystem, operation), PATIENCE + size / SLOWEST
        try:
            if filesystem.async_impl:
                return act(*arguments, timeout=patience, **options)
            return _within(patience, lambda: act(*arguments, **options))
        except (FileNotFoundError, _TooLarge):
            raise
        except Exception as error:  # each file system has its own kinds
            if isinstance(error, FileExistsError) and "mode" in options:
                raise
            code = getattr(error, "errno", None)
            if isinstance(error, OSError) and (
                code == errno.EMFILE
                or (code in _UNWRITABLE and operation == "get_file")
                or Path(str(error.filename)).is_relative_to(self._root)
            ):
                with disk.guarded(self._root):
                    raise
            if (
                isinstance(error, PermissionError)
                or code == errno.EROFS
                or _REFUSED.search(type(error).__name__)
            ):
                raise Refused(
                    f"store {self.name} refuses: {_line(error)}; give credentials that may list, "
                    f"read and write there, or go on with {self._root} as store"
                ) from error
            raise Unreachable(_line(error)) from error


def _within(seconds: float, act: Callable[[], Any]) -> Any:
    """Do what knows no time limit of its own; TimeoutError, and it is left to itself, beyond it."""
    answer: Future[Any] = Future()

    def work() -> None:
        try:
            answer.set_result(act())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()  # the end of the process waits for no such
    try:
        return answer.result(seconds)
    except TimeoutError:
        if answer.done():
            raise
        raise TimeoutError(f"no answer in {seconds:g} s") from None


def _line(error: BaseException) -> str:
    """An error in one line; of the address of a request, the server is enough."""
    name = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    text = (str(error).strip() or name).splitlines()[0]
    return re.sub(r"(https?://[^/\s\"'?]+)[^\s\"']*", r"\1", text)[:200]
