"""How Jupyter's client handles the kernels of a review."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

if TYPE_CHECKING:
    from pathlib import Path


class Manager(AsyncKernelManager):
    """Manages a kernel of this interpreter; its connection folder goes with the kernel."""

    folder: Path

    @classmethod
    def of(cls, folder: Path, transport: str) -> Manager:
        """A manager whose connection file, and sockets if any, are in `folder`."""
        ip = str(folder / "s") if transport == "ipc" else "127.0.0.1"
        manager = cls(connection_file=str(folder / "kernel.json"), transport=transport, ip=ip)
        manager.folder = folder
        # A kernel spec found on disk may belong to another interpreter.
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        manager._kernel_spec = KernelSpec(argv=argv, language="python")
        return manager

    def cleanup_connection_file(self) -> None:
        """Remove the connection file and all that is beside it."""
        super().cleanup_connection_file()
        shutil.rmtree(self.folder, ignore_errors=True)


class Forked(KernelProvisionerBase):
    """Provides a kernel that already runs as a child of this process."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid
        self._exit_code: int | None = None

    def reap(self, options: int = 0) -> int | None:
        """The exit code; None while it runs, which only `os.WNOHANG` lets happen."""
        if self._exit_code is None:
            ended, status = os.waitpid(self._pid, options)
            if ended:
                self._exit_code = os.waitstatus_to_exitcode(status)
        return self._exit_code

    @property
    def has_process(self) -> bool:
        """Whether there is a process: from the start."""
        return True

    async def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self.reap(os.WNOHANG)

    async def wait(self) -> int | None:
        """Wait for the exit code."""
        return self.reap()

    async def send_signal(self, signum: int) -> None:
        """Send a signal, if the kernel is still there."""
        if self.reap(os.WNOHANG) is None:
            os.kill(self._pid, signum)

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 - the interface's
        """End it at once."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002 - the interface's
        """Ask it to end."""
        await self.send_signal(signal.SIGTERM)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Refuse: it runs already."""
        raise NotImplementedError("A forked kernel runs already.")

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is left to clean."""
