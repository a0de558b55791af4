"""What needs a server: `list`, a workspace built, and how long after the editor our “Ready” comes."""

import contextlib
import secrets
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from statistics import median

from bench import server
from bench.clock import DidNotWork, Runs, in_turn, run
from bench.place import Place
from bench.table import Row, spread

LISTS, BUILDS, GAPS = 15, 7, 6
RHYTHM = 0.02
LIST, MEMORY, BUILD, GAP = 1.5, 0.25, 0.75, 0.3


def with_a_server(place: Place) -> Iterator[Row]:
    """Four rows; whatever was made is deleted again."""
    made: list[str] = []
    try:
        yield _gap(place, made)
        yield _builds(place, made)
        yield from _lists(place, made)
    finally:
        for name in made:
            with contextlib.suppress(DidNotWork):
                server.remove(place, name)


def _name(made: list[str]) -> str:
    made.append(f"ct-bench-{secrets.token_hex(3)}")
    return made[-1]


def _builds(place: Place, made: list[str]) -> Row:
    what, goal = "up --wait build", f"<= {BUILD} x coder create"
    if place.nobody_beside or not place.coder:
        return Row(what, goal, BUILD, None, why_not=place.nobody_beside)
    ours, theirs = Runs(), Runs()
    try:
        for turn in range(BUILDS + 1):
            keep = turn > 0  # the first of each warms the server up
            name = _name(made)
            up = [place.ours, "up", name, "--template", place.template, "--wait", "build", "--no-open"]
            run(up, place.env, keep=ours if keep else None)
            server.remove(place, name)
            name = _name(made)
            create = [place.coder, "create", name, "--template", place.template, "-y", "--use-parameter-defaults"]
            run(create, place.env, keep=theirs if keep else None)
            server.remove(place, name)
    except DidNotWork as error:
        return Row(what, goal, BUILD, None, why_not=str(error))
    return Row(
        what, goal, BUILD, ours.took / theirs.took, spread(ours.seconds, "s"), spread(theirs.seconds, "s")
    )  # fmt: skip


def _lists(place: Place, made: list[str]) -> Iterator[Row]:
    what, goal = "list of two", f"<= {LIST} x coder list"
    more, less = "memory of list", f"<= {MEMORY} x coder list"
    why, runs = place.nobody_beside, None
    if not why and place.coder:
        try:
            for _ in range(2):
                up = [place.ours, "up", _name(made), "--template", place.template, "--wait", "build", "--no-open"]
                run(up, place.env)
            runs = in_turn({"ours": [place.ours, "list"], "coder": [place.coder, "list"]}, place.env, LISTS)
        except DidNotWork as error:
            why = str(error)
    if runs is None:
        yield Row(what, goal, LIST, None, why_not=why)
        yield Row(more, less, MEMORY, None, why_not=why)
        return
    ours, theirs = runs["ours"], runs["coder"]
    yield Row(what, goal, LIST, ours.took / theirs.took, spread(ours.seconds, "ms"), spread(theirs.seconds, "ms"))
    held = spread(ours.mebibytes, "MiB"), spread(theirs.mebibytes, "MiB")
    yield Row(more, less, MEMORY, ours.held / theirs.held, *held)


def _gap(place: Place, made: list[str]) -> Row:
    what, goal = "up: Ready after the page", f"<= {GAP} s"
    if place.no_server:
        return Row(what, goal, GAP, None, why_not=place.no_server)
    gaps: list[float] = []
    try:
        for turn in range(GAPS + 1):
            name = _name(made)
            gap = _one_gap(place, name)
            server.remove(place, name)
            if turn > 0:
                gaps.append(gap)
    except DidNotWork as error:
        return Row(what, goal, GAP, None, why_not=str(error))
    return Row(what, goal, GAP, median(gaps), spread(gaps, "s"), "the editor's own port")


def _one_gap(place: Place, name: str) -> float:
    """Seconds from the editor's first page, seen from outside, to our “Ready”. Raises DidNotWork."""
    over = threading.Event()
    prober = _Prober(place, name, over)
    up = subprocess.Popen(
        [place.ours, "up", name, "--template", place.template, "--no-open"],
        env=place.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    prober.start()
    ready, lines = None, []
    for line in up.stdout or ():
        lines.append(line.strip())
        if line.startswith(("Ready", place.url)):  # a pipe gets the bare address
            ready = ready or time.perf_counter()
    over.set()
    prober.join(5)
    if up.wait() != 0 or ready is None:
        raise DidNotWork(f"up did not get ready: {' / '.join(lines[-4:])}")
    if prober.stale:
        raise DidNotWork(f"{prober.url} answered before the workspace was built: something else listens there")
    if prober.first is None:
        raise DidNotWork("the prober never saw the editor's page: its port cannot be reached from here")
    return ready - prober.first


class _Prober(threading.Thread):
    """Looks at the editor's page on its own port, not through Coder, until it answers 200."""

    def __init__(self, place: Place, name: str, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.place, self.workspace, self.over = place, name, over
        self.url = ""
        self.first: float | None = None
        self.stale = False

    def run(self) -> None:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while not self.url and not self.over.wait(RHYTHM):
            with contextlib.suppress(DidNotWork):
                self.url = next(iter(server.app_urls(server.workspace(self.place, self.workspace))), "")
        probes = 0
        while self.url and not self.over.is_set():
            began = time.perf_counter()
            try:
                with direct.open(self.url, timeout=10) as answer:
                    answer.read(1)
                    if answer.status == 200:
                        self.first, self.stale = time.perf_counter(), probes == 0
                        return
            except (OSError, urllib.error.URLError):
                pass
            probes += 1
            self.over.wait(max(0.0, RHYTHM - (time.perf_counter() - began)))
