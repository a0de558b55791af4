"""A real process that delivers a course of its own: `python -m tests.cli.scene NAME [FORM]`.

It stands where `ameide_ws.__main__` stands, so that signals, pipes and terminals are the real ones.
"""

import queue
import socket
import sys
from collections.abc import Callable

from ameide_ws.__main__ import guard, leave

guard()

from ameide_ws.app import App, Options  # noqa: E402
from ameide_ws.cli.deliver import deliver  # noqa: E402
from ameide_ws.events import Asked, Course, Finished, Line, Progress, Started  # noqa: E402
from ameide_ws.host import Host  # noqa: E402
from ameide_ws.results import Listing, Result  # noqa: E402
from tests.cli.courses import RESUME, ROW, UP, returning  # noqa: E402

WAITING = "now it waits"


def waiting(how: Callable[[Host], object]) -> Callable[[Host], Course[Result]]:
    def course(host: Host) -> Course[Result]:
        yield Started("people", resume="Nothing was started.")
        yield Started("up", "dev  creating", RESUME)
        try:
            yield Progress("people", WAITING)
            how(host)
        finally:
            host.err.write("the core has tidied up\n")
            host.err.flush()
        return UP

    return course


def live(host: Host) -> Course[Result]:
    yield Started("up", "dev  creating", RESUME)
    yield Started("queue")
    yield Finished("queue", True, 0.1)
    yield Started("terraform")
    yield Progress("terraform", WAITING)
    host.sleep(60)
    return UP


def listening(_: Host) -> object:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return ours.recv(1)


def stubborn(host: Host) -> Course[Result]:
    try:
        yield Started("terraform", resume=RESUME)
        yield Progress("terraform", WAITING)
        host.sleep(60)
    finally:
        host.err.write("it does not want to end\n")
        host.err.flush()
        host.sleep(60)
    return UP


def asks(secret: bool) -> Callable[[Host], Course[Result]]:
    def course(host: Host) -> Course[Result]:
        yield Started("people", resume="Nothing was started.")
        answer = yield Asked("Which region?", "--param region=…", secret=secret)
        return UP._replace(url=f"https://coder.example/{answer}")

    return course


def many(host: Host) -> Course[Result]:
    rows = tuple(ROW._replace(name=f"w{number}") for number in range(20_000))
    return (yield from returning(Listing(rows, 20_000))())


def log(host: Host) -> Course[Result]:
    for number in range(200_000):
        yield Line("build", f"line {number} of a log that is long enough to hold up a slow program")
    return UP


def ends(host: Host) -> Course[Result]:
    yield Started("up", "dev  creating", RESUME)
    yield Progress("people", WAITING)
    return UP


SCENES: dict[str, Callable[[Host], Course[Result]]] = {
    "sleeping": waiting(lambda host: host.sleep(60)),
    "queue": waiting(lambda _: queue.Queue[None]().get()),
    "queue-timeout": waiting(lambda _: queue.Queue[None]().get(timeout=60)),
    "socket": waiting(listening),
    "program": waiting(lambda host: host.run(["sleep", "60"], 60)),
    "live": live,
    "stubborn": stubborn,
    "asks": asks(secret=False),
    "asks-secret": asks(secret=True),
    "many": many,
    "log": log,
    "up": ends,
}
EFFECTS = {"up"}

if __name__ == "__main__":
    name, form = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    host = Host()
    app = App(host, Options(form=form, verbose=name == "log"))
    leave(deliver(app, lambda: SCENES[name](host), effects=name in EFFECTS))
