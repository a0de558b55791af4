"""What only a person can say: which workspace, which agent, which values; and what is said where nobody answers."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ameide_ws.coder.client import Coder
from ameide_ws.events import Asked
from ameide_ws.problems import Ambiguous, BadParameter, Exit, LinkMissing, MissingInput, NotFound, Usage
from ameide_ws.sandbox.parameters import Parameter
from ameide_ws.sandbox.world import World
from ameide_ws.workspaces.asking import ask_all
from ameide_ws.workspaces.choose import choose, choose_agent
from ameide_ws.workspaces.up import up
from ameide_ws.workspaces.wish import Which, Wish, which

from .builders import EDITOR, agent, build, workspace
from .courses import failing, run, well
from .hosts import Running

GITOPS = Wish(name="dev", template="ameide-gitops")


class Standing(Running):
    """A machine with the real git, in the folder the test stands in."""

    def __init__(self) -> None:
        super().__init__(env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})

    def which(self, name: str) -> str | None:
        return shutil.which(name)


def values(world: World) -> dict[str, str]:
    """What the workspace was asked for with."""
    (create,) = (one for one in world.requests if one.method == "POST" and one.path.endswith("/workspaces"))
    return {row["name"]: row["value"] for row in create.json["rich_parameter_values"]}


def body(world: World) -> dict[str, Any]:
    (create,) = (one for one in world.requests if one.method == "POST" and one.path.endswith("/workspaces"))
    return dict(create.json)


def posts(world: World) -> list[str]:
    return [one.path for one in world.requests if one.method == "POST" and "evaluate" not in one.path]


# Questions.

QUESTIONS = (
    Asked("Cluster?", "--param cluster=…"),
    Asked("Size?", "--param size=…", default="small"),
    Asked("Key?", "--param key=…"),
)


def test_F42_every_unanswered_flag_is_in_one_problem() -> None:
    problem, ran = failing(MissingInput, ask_all(QUESTIONS, "two answers are missing", "ameide-ws up dev"))
    assert problem.exit == Exit.USAGE
    assert problem.tries == ("ameide-ws up dev --param cluster=… --param key=…",)
    assert problem.cause == "nothing was given for Cluster, Key"
    assert ran.asked == list(QUESTIONS)


def test_an_empty_answer_takes_the_default_and_the_order_stays() -> None:
    given = {"--param cluster=…": "blue", "--param size=…": "", "--param key=…": "k"}
    assert well(ask_all(QUESTIONS, "why", "ameide-ws up"), given).result == ("blue", "small", "k")


def test_nothing_to_ask_asks_nothing() -> None:
    ran = well(ask_all((), "why", "ameide-ws up"))
    assert (ran.result, ran.events) == ((), [])


# Parameters.


def test_defaults_and_the_default_preset_need_no_person(world: World, coder: Coder, host: Running) -> None:
    ran = well(up(coder, host, Wish(name="dev")))
    preset = next(one for one in world.template("ameide-dev").active_version.presets if one.default)  # type: ignore[union-attr]
    assert ran.asked == []
    assert body(world)["template_version_preset_id"] == preset.id
    assert preset.values.items() <= values(world).items()


@pytest.mark.parametrize(("preset", "cpu"), [("Large", "8"), ("none", None), ("Standard", "4")])
def test_a_preset_by_name_or_none(world: World, coder: Coder, host: Running, preset: str, cpu: str | None) -> None:
    well(up(coder, host, Wish(name="dev", preset=preset)))
    assert values(world).get("cpu") == cpu
    assert ("template_version_preset_id" in body(world)) is (preset != "none")


def test_a_given_value_beats_the_preset(world: World, coder: Coder, host: Running) -> None:
    well(up(coder, host, Wish(name="dev", preset="Large", parameters={"cpu": "2"})))
    assert (values(world)["cpu"], values(world)["memory"]) == ("2", "32")


def test_an_unknown_preset_names_the_one_that_was_meant(world: World, coder: Coder, host: Running) -> None:
    problem, _ = failing(NotFound, up(coder, host, Wish(name="dev", preset="Lrage")))
    assert (problem.exit, posts(world)) == (Exit.NOT_FOUND, [])
    assert all(name in problem.cause for name in ("Standard", "Large"))
    assert "--preset" in problem.tries[0]
    assert "Large" in problem.tries[0]


def test_an_unknown_parameter_names_the_one_that_was_meant(world: World, coder: Coder, host: Running) -> None:
    problem, _ = failing(BadParameter, up(coder, host, Wish(name="dev", parameters={"memroy": "8"})))
    assert (problem.exit, posts(world)) == (Exit.USAGE, [])
    assert problem.tries == ("ameide-ws up dev --param memory=…",)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("cpu", "99", "more than the maximum 8"),
        ("cpu", "many", "a number is required"),
        ("memory", "7", "one of options"),
    ],
)
def test_F16_a_value_the_template_refuses_is_named_with_its_reason_before_anything_is_made(
    world: World, coder: Coder, host: Running, name: str, value: str, why: str
) -> None:
    problem, ran = failing(BadParameter, up(coder, host, Wish(name="dev", parameters={name: value})))
    assert (problem.exit, posts(world), ran.asked) == (Exit.USAGE, [], [])
    assert why in problem.cause
    assert problem.tries == (f"ameide-ws up dev --param {name}=…",)


def test_F42_a_needed_value_without_a_person_is_one_problem_with_its_flag(
    world: World, coder: Coder, host: Running
) -> None:
    problem, ran = failing(MissingInput, up(coder, host, GITOPS))
    assert (problem.exit, posts(world)) == (Exit.USAGE, [])
    assert problem.tries == ("ameide-ws up dev --param cluster=…",)
    assert len(ran.asked) == 1


def test_a_needed_value_is_asked_for_and_sent(world: World, coder: Coder, host: Running) -> None:
    ran = well(up(coder, host, GITOPS), {"--param cluster=…": "blue"})
    assert (len(ran.asked), values(world)["cluster"]) == (1, "blue")


def test_a_choice_comes_with_its_choices_and_a_wrong_answer_is_asked_for_again(
    world: World, coder: Coder, host: Running
) -> None:
    zone = Parameter("zone", "Zone", "Where", "string", default=None, options=(("East", "e"), ("West", "w")))
    world.template("ameide-gitops").active_version.parameters.append(zone)  # type: ignore[union-attr]
    given = {"--param cluster=…": "blue", "--param zone=…": "north"}
    problem, ran = failing(BadParameter, up(coder, host, GITOPS), given)
    zones = [one for one in ran.asked if "zone" in one.flag]
    assert len(zones) == 3
    assert zones[0].choices == (("e", "East"), ("w", "West"))
    assert "must be defined as one of options" in zones[1].question
    assert (problem.exit, posts(world)) == (Exit.USAGE, [])


def test_F59_a_provider_that_is_not_linked_is_named_with_its_page(world: World, coder: Coder, host: Running) -> None:
    world.link(False)
    problem, _ = failing(LinkMissing, up(coder, host, Wish(name="dev")))
    assert (problem.exit, posts(world)) == (Exit.SIGN_IN, [])
    assert f"{world.url}/external-auth/github" in problem.tries[0]


def test_an_unknown_template_names_the_one_that_was_meant(world: World, coder: Coder, host: Running) -> None:
    problem, _ = failing(NotFound, up(coder, host, Wish(template="ameide-gitop")))
    assert problem.tries == ("ameide-ws up --template ameide-gitops",)


# Which workspace.


def chosen(world: World, coder: Coder, host: Running, wish: Wish, **answers: str) -> Which:
    found, workspace = well(choose(coder, host, wish, "up"), {"ameide-ws up NAME": answers.get("pick", "")}).result
    assert workspace is None or workspace.name == found.name
    return Which(*found)


def test_of_none_it_is_dev(world: World, coder: Coder, host: Running) -> None:
    assert chosen(world, coder, host, Wish()) == Which("", "dev", "")


def test_of_one_it_is_that_one_whatever_its_name(world: World, coder: Coder, host: Running) -> None:
    world.workspace("somewhere")
    world.workspace("dev", template="ameide-gitops")
    world.workspace("others", owner="admin")
    assert chosen(world, coder, host, Wish()).name == "somewhere"


def test_of_several_it_is_dev_when_there_is_one(world: World, coder: Coder, host: Running) -> None:
    for name in ("alpha", "dev", "omega"):
        world.workspace(name)
    assert chosen(world, coder, host, Wish()).name == "dev"


def test_of_several_it_is_the_one_named_like_the_repositorys_folder(
    world: World, coder: Coder, host: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "omega" / "src"
    repository.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(tmp_path / "omega")], check=True)
    monkeypatch.chdir(repository)
    for name in ("alpha", "dev", "omega"):
        world.workspace(name)
    assert chosen(world, coder, Standing(), Wish()).name == "omega"


def test_of_several_without_dev_a_person_picks(world: World, coder: Coder, host: Running) -> None:
    for name in ("alpha", "omega"):
        world.workspace(name)
    assert chosen(world, coder, host, Wish(), pick="omega").name == "omega"


def test_F42_of_several_without_a_person_it_is_exit_2_with_the_names(world: World, coder: Coder, host: Running) -> None:
    for name in ("alpha", "omega"):
        world.workspace(name)
    problem, ran = failing(Ambiguous, choose(coder, host, Wish(), "show"))
    assert (problem.exit, problem.cause) == (Exit.USAGE, "they are alpha, omega")
    assert ran.asked[0].choices == (("alpha", "alpha (running)"), ("omega", "omega (running)"))
    assert problem.tries[0].startswith("ameide-ws show ")


def test_OWNER_NAME_is_somebody_elses_and_may_be_seen_or_not(world: World, coder: Coder, coder_for: Any) -> None:
    world.workspace("theirs", owner="dev1")
    host = Running()
    found, seen = well(choose(coder_for(token=world.admin_token), host, Wish(name="dev1/theirs"), "show")).result
    assert (found, seen.owner_name) == (Which("dev1", "theirs", ""), "dev1")
    world.workspace("secret", owner="admin")
    problem, _ = failing(NotFound, choose(coder, host, Wish(name="admin/secret"), "show"))
    assert problem.exit == Exit.NOT_FOUND


def test_F15_a_name_that_is_not_there_is_not_found_with_what_was_meant(world: World, coder: Coder) -> None:
    world.workspace("alpha")
    problem, _ = failing(NotFound, choose(coder, Running(), Wish(name="dev1/alhpa"), "show"))
    assert problem.tries[0].startswith("ameide-ws show alpha")
    assert "you have no access" in problem.cause


def test_NAME_AGENT_is_taken_apart_and_reaches_that_agent(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev")
    ran = well(up(coder, host, Wish(name="dev.main")))
    assert "/@dev1/dev.main/apps/code-server/" in ran.result.url
    problem = run(up(coder, host, Wish(name="dev.other", seconds=20))).problem
    assert problem is not None
    assert (problem.exit, "its agents are: main" in problem.cause) == (Exit.AGENT, True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("dev", Which("", "dev", "")),
        ("dev.main", Which("", "dev", "main")),
        ("dev1/dev", Which("dev1", "dev", "")),
        ("dev1/dev.main", Which("dev1", "dev", "main")),
        ("a" * 32, Which("", "a" * 32, "")),
    ],
)
def test_a_name_is_taken_apart(text: str, parts: Which) -> None:
    assert which(text) == parts


@pytest.mark.parametrize(
    "text",
    ["", "/", "a/", "/a", "a.", ".a", "a/b/c", "a..b", "a b", "-a", "a-", "a--b", "ä", "..", "a" * 33, "new", "create",
     "a%2fb", "a?b", "a\n", "dev1/new", "a.b.c", "\x1b[31m"],
)  # fmt: skip
def test_what_cannot_be_a_name_is_refused_before_anything_is_asked(text: str) -> None:
    with pytest.raises(Usage) as raised:
        which(text)
    assert raised.value.exit == Exit.USAGE
    assert "\x1b" not in raised.value.message


# Which agent.


def test_F61_the_agent_with_the_editor_is_meant_when_there_are_several() -> None:
    bare, full = agent(apps=())._replace(name="db"), agent(apps=(EDITOR,))
    two = build()._replace(resources=(build().resources[0]._replace(agents=(bare, full)),))
    assert choose_agent(workspace(two), "", "code-server").name == "main"
    assert choose_agent(workspace(two), "db", "code-server").name == "db"
    with pytest.raises(Ambiguous) as raised:
        choose_agent(workspace(two), "", "nothing")
    assert raised.value.exit == Exit.USAGE
    assert raised.value.cause == "they are db, main"
