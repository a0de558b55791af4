"""What a start costs: the version, the help, and a name for completion, beside `coder --help`."""

from collections.abc import Iterator

from bench.clock import DidNotWork, Runs, in_turn
from bench.place import Place
from bench.table import Row, spread

TIMES = 21
AIM = 0.5
STARTS = {
    "--version": ["--version"],
    "--help": ["--help"],
    "completion of a name": ["__complete", "names"],
}


def starts(place: Place) -> Iterator[Row]:
    """Three rows. Without a `coder` there is our own time and no verdict."""
    programs = {name: [place.ours, *words] for name, words in STARTS.items()}
    if place.coder:
        programs["coder"] = [place.coder, "--help"]
    runs: dict[str, Runs] = {}
    why = place.no_coder
    try:
        runs = in_turn(programs, place.env, TIMES)
    except DidNotWork as error:
        why = str(error)
    for name in STARTS:
        goal = f"<= {AIM} x coder --help"
        if name not in runs:
            yield Row(name, goal, AIM, None, why_not=why)
            continue
        ours, theirs = runs[name], runs.get("coder")
        ratio = ours.took / theirs.took if theirs else None
        beside = spread(theirs.seconds, "ms") if theirs else ""
        yield Row(name, goal, AIM, ratio, spread(ours.seconds, "ms"), beside, why_not=why)
