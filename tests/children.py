"""Children of this process, in which trials build and ask, and which they kill."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable


def in_child(run: Callable[[], object], told: type[Exception] | tuple[type[Exception], ...] = ()) -> int:
    """Forks; the child runs and ends with 0, or with a message and 1, or 2 after one of the errors `told`."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            run()
            code = 0
        except told as error:
            print(f"child: {error}", file=sys.stderr, flush=True)
            code = 2
        except BaseException as error:  # noqa: BLE001 - the child must end here whatever happens
            print(f"child: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    return pid


def ended(pid: int) -> int:
    """Kills a child; the status with which it ended."""
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


class Pace:
    """How long what children do takes to its end, of late."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def wait(self, pid: int) -> int:
        """Waits for a child that has just begun; the status with which it ended."""
        begin = time.monotonic()
        _, status = os.waitpid(pid, 0)
        self.seconds = 0.7 * self.seconds + 0.3 * (time.monotonic() - begin)
        return status
