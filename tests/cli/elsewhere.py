"""Put on the path as `sitecustomize`: takes from talkgraph what another system lacks.

It reaches as far as Linux lets it. The libraries below run on Linux all the same, so what they
need stays: a name is missing for those that belong to talkgraph alone.
"""

import builtins
import io
import os
import sys

SYSTEM = "windows"
MODULES = {
    "windows": ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"),
    "macos": (),
}
NAMES = {
    "windows": (
        "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "WEXITED", "WNOWAIT", "chown", "fchmod", "fork",
        "forkpty", "getegid", "geteuid", "getgid", "getpgid", "getuid", "killpg", "mkfifo",
        "register_at_fork", "sched_getaffinity", "setsid", "statvfs", "waitid",
    ),
    "macos": ("sched_getaffinity", "waitid"),
}  # fmt: skip
LINUX = ("/proc/", "/sys/")
MACHINERY = ("importlib", "_frozen_importlib", "pathlib", "contextlib", "os", "io", "genericpath",
             "posixpath", __name__)  # fmt: skip


def asked_by_us():
    """Whether talkgraph, or the script itself, is the nearest that is not machinery."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] not in MACHINERY:
            return name.partition(".")[0] in ("talkgraph", "__main__")
        frame = frame.f_back
    return False


class Missing:
    """Finds that some modules are not there."""

    def find_spec(self, name, path=None, target=None):
        if name in MODULES[SYSTEM] and asked_by_us():
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


class Os(type(os)):
    """`os` without some of its names."""

    def __getattribute__(self, name):
        if name in NAMES[SYSTEM] and asked_by_us():
            raise AttributeError(f"module 'os' has no attribute '{name}'")
        return super().__getattribute__(name)


def without_linux(function):
    def called(path, *args, **options):
        text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
        if text.startswith(LINUX) and asked_by_us():
            raise FileNotFoundError(2, "No such file or directory", text)
        return function(path, *args, **options)

    return called


def kept_while_open(function):
    """Windows lets no file go, under no other name either, that somebody has open or mapped."""

    def called(*paths, **options):
        if asked_by_us():
            for path in paths:
                if is_open(os.path.abspath(os.fspath(path))):
                    raise PermissionError(13, "The process cannot access the file", str(path))
        return function(*paths, **options)

    return called


def is_open(path, readlink=os.readlink, listdir=os.listdir, read=io.open):
    for handle in listdir("/proc/self/fd"):
        try:
            if readlink(f"/proc/self/fd/{handle}") == path:
                return True
        except OSError:
            pass
    with read("/proc/self/maps", encoding="utf-8") as maps:
        return any(line.rstrip().endswith(f" {path}") for line in maps)


def no_link(source, target, *args, **options):
    raise OSError(1, "A required privilege is not held by the client", os.fspath(target))


sys.meta_path.insert(0, Missing())
for module in MODULES[SYSTEM]:
    sys.modules.pop(module, None)
for name in ("open", "readlink", "listdir", "stat"):
    setattr(os, name, without_linux(getattr(os, name)))
if SYSTEM == "windows":
    os.symlink = os.link = no_link
    for name in ("rename", "replace", "unlink", "remove"):
        setattr(os, name, kept_while_open(getattr(os, name)))
builtins.open = io.open = without_linux(io.open)
os.__class__ = Os
