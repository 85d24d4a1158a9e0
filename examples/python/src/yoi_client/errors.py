"""What can go wrong, each as a class of its own."""

import signal

from . import models


class YoiError(Exception):
    """The parent of all errors of this package."""


class Refused(YoiError):
    """The Runtime refused the request.

    It has left no trace, unless the error is `store_failed` with `certain` false: then the same request
    with the same idempotency key tells what became of it.

    `error` is the Runtime's own. One of a later version is an `UnknownRuntimeError`.
    """

    def __init__(self, error: models.RuntimeError) -> None:
        super().__init__(error.message)
        self.error = error

    @property
    def code(self) -> str:
        return self.error.code

    @property
    def message(self) -> str:
        return self.error.message

    @property
    def retry(self) -> models.Retry:
        """Whether and when the same request may succeed."""
        return self.error.retry


class ProtocolError(YoiError):
    """The server said what the protocol does not allow, or refused a message as none.

    `code` is JSON-RPC's, such as -32601 for a method that the server does not know.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class TimedOut(YoiError, TimeoutError):
    """No reply came in time. The request may have been carried out all the same."""

    def __init__(self, method: str, timeout: float) -> None:
        super().__init__(f"{method}: no reply within {timeout} s")
        self.method = method
        self.timeout = timeout


class Overloaded(YoiError):
    """So much waits already that nothing more is sent."""


class ServerNotFound(YoiError):
    """The program could not be started: not found, not executable."""

    def __init__(self, program: str, why: Exception) -> None:
        super().__init__(f"cannot start `{program}`: {why}")
        self.program = program


class ServerGone(YoiError):
    """The server's process has ended, so no reply and no item will come.

    `returncode` is negative if a signal ended it, and `stderr` the end of what it wrote there.
    """

    def __init__(self, returncode: int, stderr: str) -> None:
        how = f"exit code {returncode}"
        if returncode < 0:
            how = f"signal {-returncode}"
            if -returncode in set(signal.Signals):
                how = f"signal {signal.Signals(-returncode).name}"
        said = stderr.strip()
        end = f"; the end of its stderr:\n{said}" if said else ""
        super().__init__(f"the server has ended with {how}{end}")
        self.returncode = returncode
        self.stderr = stderr
