"""Ctrl-C, SIGTERM and SIGHUP as one exception that no core catches; a second one ends the process at once."""

import os
import signal
from types import FrameType
from typing import Any

from ameide_ws.host import Host

SHOW_CURSOR = b"\x1b[?25h\n"


class Ended(BaseException):
    """The person, or the system, wants us to end. Not an Exception: nobody may take it for a failure."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


class Signals:
    """While entered, the first signal raises Ended, and the next one restores the terminal and ends the process.

    A signal that was ignored when we were started (nohup, a background job) stays ignored.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._caught = False
        self._before: dict[int, Any] = {}
        self._keyboard: tuple[int, list[Any]] | None = None

    def __enter__(self) -> "Signals":
        self._keyboard = self._state_of_keyboard()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) == signal.SIG_IGN:
                continue
            try:
                self._before[number] = signal.signal(number, self._handle)
            except ValueError:
                return self  # not the main thread: signals do not come here
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._caught:
            self._leave(128 + number)
        self._caught = True
        raise Ended(number)

    def _leave(self, code: int) -> None:
        """Cursor and echo back, and out, with no `finally` in the way."""
        try:
            if self._keyboard is not None:
                import termios

                termios.tcsetattr(self._keyboard[0], termios.TCSANOW, self._keyboard[1])
            if self._host.is_terminal(self._host.err):
                os.write(self._host.err.fileno(), SHOW_CURSOR)
        finally:
            os._exit(code)

    def _state_of_keyboard(self) -> tuple[int, list[Any]] | None:
        stdin = self._host.stdin
        if not self._host.is_terminal(stdin):
            return None
        try:
            import termios

            return stdin.fileno(), termios.tcgetattr(stdin.fileno())
        except (ImportError, OSError, ValueError, termios.error):
            return None
