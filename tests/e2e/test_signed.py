"""Main names a key: what the report job signs gets in, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.loop import Loop
from tests.support.keys import pair
from tests.world import trained
from tests.world.line import CREDIT_RISK
from tests.world.world import World

pytestmark = pytest.mark.e2e

KEY = ".github/evidence.pem"


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    with World(tmp_path_factory.mktemp("signed"), CREDIT_RISK, trained.cached(CREDIT_RISK)) as world:
        (world.here / KEY).write_bytes(pair().public)
        # How fast a model answers depends on who else works on this machine, and says nothing of signatures.
        policy = world.here / f"promotions/{CREDIT_RISK.model}/policy.yaml"
        policy.write_text(policy.read_text().replace(", latency", "").replace("  latency:", "  # latency:"))
        stages = world.here / "promotions/stages.yaml"
        stages.write_text(stages.read_text() + f"\nevidence: {{keys: [{KEY}]}}\n")
        world.git("add", "--all")
        world.git("commit", "--quiet", "--message", "Evidence is signed from now on")
        world.git("push", "--quiet", "origin", "HEAD:main")
        yield Loop(world)


def evidence(loop: Loop) -> dict[str, bytes]:
    git = loop.world.repo.git
    if git.resolve("evidence") is None:
        return {}
    entries = git.entries("evidence", recursive=True)
    return {entry.path: git.blob(entry.sha) for entry in entries if entry.kind == "blob"}


def test_what_the_right_key_signed_gets_in_and_nothing_that_another_did(loop: Loop) -> None:
    loop.world.signing_key = pair(number=1).private.decode()
    number = loop.propose(1, "staging")
    (report,) = (step for step in loop.world.gates(number) if step.verb == "report")
    assert report.done.exit == 2
    assert f"the private half of none of {KEY}" in report.done.err
    assert loop.verdict(number) == "failure"
    assert evidence(loop) == {}

    loop.world.signing_key = pair().private.decode()
    loop.judge(number)
    assert loop.aliases() == {"staging": 1}
    files = evidence(loop)
    assert len(files) == 2
    assert pair().private.splitlines()[1] not in b"".join(files.values())


def test_what_lies_on_the_branch_is_verified_without_a_network(loop: Loop) -> None:
    files = evidence(loop)
    for path, content in files.items():
        target = loop.world.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (document,) = (loop.world.folder / path for path in files if not path.endswith(".intoto.json"))
    told = loop.json("evidence", "verify", str(document), "--key", str(loop.world.here / KEY))
    assert (told["fault"], told["verdict"], told["document"]) == ("", "PASSED", True)
    document.write_bytes(document.read_bytes().replace(b"PASS", b"WARN", 1))
    told = loop.json("evidence", "verify", str(document), "--key", str(loop.world.here / KEY), exit=1)
    assert "about another document" in told["fault"]
