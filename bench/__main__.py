"""`make bench`: one run, one table. Its exit code says only whether the measuring itself went well."""

import platform
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.builds import with_a_server
from bench.place import Place, find
from bench.starts import starts
from bench.table import Row, shown


def measured(place: Place) -> Iterator[Row]:
    yield from starts(place)
    yield from with_a_server(place)
    # Last, because it makes this process a large one, and memory is measured through it.
    from bench.worlds import worlds

    yield from worlds()


def main() -> int:
    # Whoever ends us early still gets the workspaces deleted that were made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="ameide-ws-bench-") as home:
        place = find(Path(home))
        if not Path(place.ours).exists():
            print(f"there is no {place.ours}: run this with `make bench`", file=sys.stderr)
            return 1
        print(f"Python {platform.python_version()}, coder: {place.coder or 'none'}, server: {place.url or 'none'}")
        rows = []
        for row in measured(place):
            print(f"… {row.what}: {row.verdict}", file=sys.stderr, flush=True)
            rows.append(row)
    print(shown(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
