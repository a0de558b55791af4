"""The way in from the shell: `ameide-ws`, and `python -m ameide_ws`.

Interrupts count from the first moment on, and the quick answers come before anything slow is imported.
"""

import os
import sys


def run() -> None:
    """Answer one command line and end the process with its exit code."""
    guard()
    if sys.argv[0].endswith("__main__.py"):
        forget_this_folder()
    from ameide_ws.cli.quick import quick

    words = sys.argv[1:]
    text = quick(words)
    if text is not None:
        leave(say(text))
    import gc

    # What a short command allocates is gone with the process; collecting it on the way only costs time.
    gc.disable()
    from ameide_ws.cli import main
    from ameide_ws.cli.table import LONG
    from ameide_ws.host import Host

    if LONG.intersection(words):
        gc.enable()
    leave(main(words, Host()))


def guard() -> None:
    """A Ctrl-C during the imports ends quietly. `_signal`, because `signal` loads enum first."""
    import _signal  # type: ignore[import-not-found]

    if _signal.getsignal(_signal.SIGINT) is not _signal.SIG_IGN:
        _signal.signal(_signal.SIGINT, lambda *_: os._exit(130))


def forget_this_folder() -> None:
    """`python -m` puts the current folder first on the path, where a stranger's file could pass for a library."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        folder = os.getcwd()
    except OSError:
        folder = ""  # it has been deleted under us
    if sys.path and sys.path[0] in ("", folder) and sys.path[0] != here:
        del sys.path[0]


def say(text: str) -> int:
    """A text on stdout; the exit code."""
    if sys.stdout is None:
        return 0
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        return 141
    except OSError as error:
        complain(f"error: cannot write output: {error.strerror}\n")
        return 1
    return 0


def complain(text: str) -> None:
    try:
        sys.stderr.write(text)
    except (OSError, ValueError, AttributeError):
        return


def leave(code: int) -> None:
    """Flush and end at once: what the interpreter tidies up at its end, the system does faster."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue
    os._exit(code)


if __name__ == "__main__":
    run()
