"""``gatehouse propose``: the pull request that promotes a version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import hub, rivals, scene
from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb
from gatehouse.cli.reviews import reviewers
from gatehouse.cli.reviews.reviewers import Case, Reviewers
from gatehouse.declare import edit
from gatehouse.declare.load import require
from gatehouse.declare.source import Revision, WorkTree
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.pin import Role
from gatehouse.report.proposal import Proposal

if TYPE_CHECKING:
    from gatehouse.declare.types import Declared
    from gatehouse.github import Pull
    from gatehouse.sync.trunk import Trunk

PERCENT = 5.0


class Proposed(msgspec.Struct, frozen=True):
    """What --format json prints. ``pull`` and ``url`` are None where no pull request was opened, ``reviewers`` where
    nobody has to agree."""

    file: str
    branch: str | None
    commit: str | None
    pull: int | None
    url: str | None
    version: int
    digest: str
    reviewers: Reviewers | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What a role beside the champion is given of the traffic."""

    percent: float | None
    experiment: str | None


@verb
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@click.option("--to", "where", metavar="STAGE[.SEGMENT]", required=True, help="The slot to promote into.")
@click.option(
    "--as",
    "role",
    type=click.Choice([role.value for role in Role]),
    default=Role.CHAMPION.value,
    help="The role it is to play.",
)
@click.option("--percent", type=click.FloatRange(0, 100), help="A canary's, challenger's or shadow's share of traffic.")
@click.option("--experiment", help="The name of a challenger's experiment.")
@click.option("--reason", default="", help="Why: the first lines of the pull request.")
@click.option("--no-pr", is_flag=True, help="Only edit the file in the working tree; commit and push it yourself.")
def command(settings: Settings, model: str, version: int, where: str, role: str, no_pr: bool, **more: str) -> int:
    """Open the pull request that promotes VERSION of MODEL.

    The commit is made on top of the remote's main; the working tree and its branch are not touched. Where people have
    to agree, as many as it takes are asked for a review, in turn.
    """
    slot, part = scene.slot_of(model, where), Role(role)
    share = Share(_share(part, more["percent"]), more["experiment"])
    with progress(settings) as say:
        say("reading main")
        start = _start(settings, no_pr)
        declared = start.declared
        _allowed(declared, slot.model, slot.stage)
        stage = declared.stages.get(slot.stage)
        assert stage is not None
        pin = scene.pin_of(stage.registry, model, version, say)
        held = declared.held(model, pin)
        if held is not None:
            raise GatehouseError(
                f"version {version} is on hold since {held.since}: {held.reason}",
                f"promote another version, or lift the hold in promotions/{model}/hold.yaml first",
            )
        promotion = declared.promotions.get(slot)
        proposal = Proposal(slot, part, pin, promotion.get(part) if promotion else None, more["reason"])
        if proposal.before == pin:
            emit(settings, _answer(proposal), f"{slot.path} holds {pin} already: nothing to propose")
            return DONE
        text = edit.set_pin(start.text(slot.path), part, pin, share.percent, share.experiment)
        if no_pr:
            return _written(settings, proposal, text)
        return _opened(settings, start, proposal, text, say)


@dataclass(frozen=True, slots=True)
class Start:
    """The state that the proposal changes: main as it is on the remote, or the working tree."""

    source: Revision | WorkTree
    declared: Declared
    trunk: Trunk | None

    def text(self, path: str) -> str | None:
        content = self.source.read(path)
        return None if content is None else content.decode()


def _start(settings: Settings, here: bool) -> Start:
    from gatehouse.sync.trunk import locate

    repository = settings.repository
    trunk = None if here else locate(repository)
    source = WorkTree(repository.root) if trunk is None else Revision(repository, trunk.commit)
    return Start(source, require(source, settings.environ), trunk)


def _share(role: Role, percent: object) -> float | None:
    if role is Role.CHAMPION:
        if percent is not None:
            raise GatehouseError("a champion has all the traffic that no other role takes", "leave --percent out")
        return None
    return PERCENT if percent is None else float(str(percent))


def _allowed(declared: Declared, model: str, stage: str) -> None:
    if declared.stages.get(stage) is None:
        names = ", ".join(known.name for known in declared.stages.stages)
        raise NotFound(f"there is no stage {stage!r}", f"choose one of {names}")
    if model not in declared.policies:
        from difflib import get_close_matches

        near = get_close_matches(model, declared.policies, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise NotFound(
            f"{model} has no policy, so no gate would judge it",
            f"{hint}Merge promotions/{model}/policy.yaml first, in a pull request of its own",
        )


def _written(settings: Settings, proposal: Proposal, text: str) -> int:
    target = settings.repository.root / proposal.slot.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    said = [
        f"{proposal.slot.path} now pins {proposal.pin}; nothing is committed.",
        f"try the gates: gatehouse check {proposal.slot.model} --to {proposal.slot.label}",
    ]
    emit(settings, _answer(proposal), said)
    return DONE


def _opened(settings: Settings, start: Start, proposal: Proposal, text: str, say: scene.Say) -> int:
    assert start.trunk is not None
    with hub.connect(settings, "use --no-pr and open the pull request yourself") as github:
        say("looking for open promotions of the same slot")
        found = rivals.rivals(start.trunk, github.reader)
        others = rivals.others(found, proposal.slot, proposal.branch, github.slug)
        if others:
            return _taken(settings, proposal, others[0])
        say("pushing the branch")
        writer = start.trunk.writer()
        commit = writer.commit(start.trunk.commit, {proposal.slot.path: text.encode()}, proposal.message)
        writer.push(commit, proposal.branch, writer.fetch(proposal.branch))
        say("opening the pull request")
        opened = github.pulls.open(proposal.branch, "main", proposal.title, proposal.body)
        asked = None
        if reviewers.required(start.trunk, start.declared, proposal):
            say("asking for reviews")
            case = Case(github, start.trunk, start.declared, proposal, opened.pull)
            asked = reviewers.request(case, datetime.now(UTC))
    pull = opened.pull
    verdict = "opened" if opened.new else "updated"
    said = [f"{verdict} #{pull.number} {proposal.title}\n{pull.url}", *(_asked(asked) if asked else ())]
    emit(settings, msgspec.structs.replace(_answer(proposal, commit, pull), reviewers=asked), said)
    return DONE


def _asked(found: Reviewers) -> Iterator[str]:
    yield from (f"asked {each.who} for a review: {each.why}" for each in found.asked)
    if found.note:
        yield f"! {found.note}"
        yield from (f"  not {each.who}: {each.why}" for each in found.left_out)
        yield f"  {found.fix}"


def _taken(settings: Settings, proposal: Proposal, pull: Pull) -> int:
    message = f"#{pull.number} is open for {proposal.slot} already: {pull.title}"
    fix = "merge or close it first; one promotion of a slot is open at a time"
    if settings.json:
        emit(settings, {"blocked": {"pull": pull.number, "url": pull.url, "message": message, "fix": fix}}, "")
    else:
        emit(settings, None, [message, f"  {pull.url}\n  {fix}"])
    return BLOCKED


def _answer(proposal: Proposal, commit: str | None = None, pull: Pull | None = None) -> Proposed:
    return Proposed(
        file=proposal.slot.path,
        branch=proposal.branch if pull else None,
        commit=commit,
        pull=pull.number if pull else None,
        url=pull.url if pull else None,
        version=proposal.pin.version,
        digest=proposal.pin.digest,
    )
