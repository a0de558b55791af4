"""Looking at the editor: how often, how many at once, and what a look that hangs does to the rest."""

import threading
from typing import Any

from ameide_ws.coder.client import Coder
from ameide_ws.web import Seen
from ameide_ws.workspaces.probing import IN_FLIGHT, probe_editor
from ameide_ws.workspaces.ready import Probe

from .hosts import Running

PAGE = "/@dev1/dev.main/apps/code-server/?folder=/x"
ANSWERS = Seen(200, True, "", None, None, "")
TAKES_IT = Seen(101, False, "", None, None, "")


class Apps(Coder):
    """A Coder of which only an app is asked: its first `hanging` looks answer when they are let go."""

    def __init__(self, hanging: int) -> None:
        self._lock = threading.Lock()
        self._hanging = hanging
        self.let_go = threading.Event()
        self.looks = 0

    def app_page(self, path_and_query: str) -> Seen:
        with self._lock:
            self.looks += 1
            hangs = self.looks <= self._hanging
        if hangs:
            self.let_go.wait(20)
        return ANSWERS

    def app_socket(self, path_and_query: str) -> Seen:
        return TAKES_IT


def probed(apps: Apps, closed: threading.Event | None = None) -> list[Probe]:
    seen: list[Probe] = []
    probe_editor(apps, Running(), PAGE, closed or threading.Event(), seen.append)
    return seen


def test_W26_a_second_look_goes_beside_a_first_that_hangs() -> None:
    apps = Apps(hanging=1)
    assert probed(apps)[-1].is_answering
    assert (apps.looks, apps.let_go.is_set()) == (2, False)


def test_W27_no_more_than_two_are_ever_under_way() -> None:
    apps = Apps(hanging=IN_FLIGHT)
    waits: list[Any] = []

    class Closed(threading.Event):
        def is_set(self) -> bool:
            waits.append(apps.looks)
            if len(waits) == 4:  # two have begun, and two more seconds have gone by
                apps.let_go.set()
            return super().is_set()

    assert probed(apps, Closed())[-1].is_answering
    assert waits[:4] == [0, 1, 2, 2]


def test_F37_nothing_is_looked_at_once_nobody_waits_any_more() -> None:
    apps, closed = Apps(hanging=0), threading.Event()
    closed.set()
    assert (probed(apps, closed), apps.looks) == ([], 0)
