"""Files that are never half there: atomic writes, a folder swapped in one step, a lock."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from playbook.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # of <linux/fs.h>


def write(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Bring every file under `folder` to the disk, so that a full disk is noticed here."""
    for root, _, names in os.walk(folder):
        for name in [*names, ""]:
            _sync_one(Path(root) / name)


def _sync_one(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows opens no folder
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF):  # a file system without sync
            raise
    finally:
        os.close(handle)


def swap(new: Path, target: Path) -> None:
    """Put the folder `new` where `target` is, in one step where the system can.

    What was at `target` is gone afterwards. If anything fails, it is still there.
    """
    if not target.exists():
        new.rename(target)
    elif _exchange(new, target):
        shutil.rmtree(new, ignore_errors=True)
    else:
        old = aside(target)
        target.rename(old)
        try:
            new.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def aside(target: Path) -> Path:
    """Where `swap` keeps the former folder for the moment between its two renames."""
    return target.with_name(f".{target.name}.old")


def recover(target: Path) -> None:
    """Undo what an interrupted `swap` left: the former folder is back, or gone if replaced."""
    old = aside(target)
    if old.exists() and not target.exists():
        old.rename(target)
    elif old.exists():
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders atomically; False where the system or file system cannot."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    names = (os.fsencode(one), os.fsencode(other))
    done: int = rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    return done == 0


@contextlib.contextmanager
def lock(path: Path, what: str) -> Iterator[None]:
    """Hold `path` as a lock; the system releases it when this process ends, however it ends.

    Args:
        path: The lock file. It names its holder, and goes when the lock is released.
        what: What is being done, for the message to whoever comes second.

    Raises:
        ReviewError: Another process holds it.
    """
    file = _hold(path, what)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        file.close()


def _hold(path: Path, what: str) -> IO[str]:
    while True:
        file = path.open("a+", encoding="utf-8")
        if not _try_lock(file):
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise ReviewError(
                f"{what} is already being made by {holder} (lock {path}). "
                "Wait until it has ended, or stop it; the lock goes with it."
            )
        if _is_same_file(file, path):
            file.truncate(0)
            file.write(f"process {os.getpid()}\n")
            file.flush()
            return file
        file.close()  # its holder removed it between our opening and our locking


def _is_same_file(file: IO[str], path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False


def _try_lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
