"""F-10: this machine's clock is wrong. What is told of time is told by the server's."""

from datetime import timedelta

import pytest

from ameide_ws.sandbox.world import World
from tests.commands.machine import Machine
from tests.conftest import Cli

WRONG = pytest.mark.parametrize("hours", [-2, 2])


@WRONG
def test_F10_ages_come_from_the_servers_clock(cli: Cli, world: World, host: Machine, hours: int) -> None:
    world.workspace("dev", ttl_ms=1_800_000)
    before = cli("list", "-o", "table").out
    host.clock += timedelta(hours=hours)
    assert cli("list", "-o", "table").out == before
    assert "in 29 min" in before or "in 30 min" in before


@WRONG
def test_F10_show_tells_ages_by_the_servers_clock_too(cli: Cli, world: World, host: Machine, hours: int) -> None:
    world.workspace("dev")
    before = cli("show", "dev", "-o", "table").lines
    host.clock += timedelta(hours=hours)
    after = cli("show", "dev", "-o", "table").lines
    told = ("created", "last used", "last build")
    assert [line for line in after if line.strip().startswith(told)] == [
        line for line in before if line.strip().startswith(told)
    ]


@WRONG
def test_F10_up_measures_with_a_clock_of_its_own(cli: Cli, host: Machine, hours: int) -> None:
    host.clock += timedelta(hours=hours)
    outcome = cli("up", "--json")
    assert outcome.exit == 0
    seconds = [outcome.json["data"]["seconds"], *(row["seconds"] for row in outcome.json["data"]["layers"])]
    assert all(0 <= one < 60 for one in seconds if one is not None)
