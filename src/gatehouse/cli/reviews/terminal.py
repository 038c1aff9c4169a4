"""``gatehouse review PR`` at the terminal: shows what there is to know, asks, and submits what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from rich.text import Text

from gatehouse.cli.frame import note
from gatehouse.cli.reviews.drafts import Drafts
from gatehouse.cli.reviews.form import Form
from gatehouse.cli.reviews.interview import Choice, Interview
from gatehouse.cli.reviews.preface import preface
from gatehouse.cli.reviews.submitting import Session, cleared, send
from gatehouse.cli.reviews.talk import Talk
from gatehouse.cli.reviews.told import Did, Told
from gatehouse.errors import GatehouseError
from gatehouse.review import body
from gatehouse.review.facts import Asked
from gatehouse.review.judge import judge
from gatehouse.review.judgement import Judgement
from gatehouse.review.quoting import says_something
from gatehouse.review.sheet import Decision
from gatehouse.review.would import counts, hindered, opens, perfect, would


def questioned(session: Session, talk: Talk) -> Told:
    """The whole conversation; what was typed is kept until it is submitted."""
    seen = session.seen
    ahead = would(seen.facts, seen.me, perfect(seen.facts), seen.now)
    for part in preface(session.settings, seen, ahead):
        talk.show(part)
    talk.show(Text())
    if (early := _needless(session)) is not None:
        return early
    may = answerable(ahead)
    if not may:
        if not talk.sure("Your approval would not count. Answer all the same?"):
            return session.nothing("Nothing was submitted; to reject it: " + rejecting(session.number))
        may = tuple(asked for asked in seen.facts.asked if asked.token)
    drafts = Drafts.of(session.settings.repository, seen.facts)
    with _kept(session, drafts):
        told = _conversation(session, talk, _forms(talk, drafts, may), drafts)
    if told.did is not Did.NOTHING:
        drafts.drop()
    return told


def rejecting(number: int) -> str:
    """The command that rejects."""
    return f'gatehouse review {number} --reject "what has to change"'


def answerable(ahead: Judgement) -> tuple[Asked, ...]:
    """The pins for which a reviewer's approval counts, now or when enough time has passed."""
    found = ((place.asked, hindered(place)) for place in ahead.places)
    return tuple(asked for asked, rules in found if asked.token and (not rules or opens(rules) is not None))


def _needless(session: Session) -> Told | None:
    """Why there is nothing to ask of this person now."""
    seen = session.seen
    if seen.mine:
        return session.nothing(
            "You opened it, and GitHub takes no verdict on one's own pull request: ask a code owner, or close it"
        )
    if not any(asked.token for asked in seen.facts.asked):
        return session.nothing(
            "There is no evidence yet that an approval could name: come back when the gates have passed; to reject it "
            "now: " + rejecting(session.number)
        )
    places = judge(seen.facts, seen.now).places
    if all(counts(place, seen.me.login, seen.facts) for place in places):
        return session.nothing(
            "You approved it already, and that counts; to take it back: " + rejecting(session.number),
            did=Did.ALREADY,
        )
    return None


@contextmanager
def _kept(session: Session, drafts: Drafts) -> Iterator[None]:
    """Says where the answers are, however it ends before they are submitted."""
    try:
        yield
    except (KeyboardInterrupt, EOFError, click.Abort) as error:
        _say_kept(session, drafts)
        raise click.Abort from error
    except GatehouseError:
        _say_kept(session, drafts)
        raise


def _say_kept(session: Session, drafts: Drafts) -> None:
    if drafts.path.exists():
        note(f"\nnothing was submitted, and your answers are kept: gatehouse review {session.number}\n  {drafts.path}")


def _forms(talk: Talk, drafts: Drafts, may: Sequence[Asked]) -> list[Form]:
    before = drafts.kept()
    kept = [asked for asked in may if asked.token in before]
    if kept and talk.line("You answered some of this before. Go on from there? Y/n > ").lower() in ("n", "no"):
        before = {}
        drafts.drop()
    return [Form.of(asked, before.get(asked.token)) for asked in may]


def _conversation(session: Session, talk: Talk, forms: list[Form], drafts: Drafts) -> Told:
    interview = Interview(talk, forms, lambda: drafts.keep([(form.sheet(), form.policy) for form in forms]))
    choice = interview.run()
    while choice is Choice.APPROVE:
        written = [(form.sheet(), form.policy) for form in forms]
        ended = cleared(session, body.write(written))
        if ended is None:
            return send(session, Decision.APPROVE, written)
        if ended.counts_from is not None:
            return _with(ended, drafts)
        choice = interview.decide()
    if choice is Choice.REJECT:
        reason = _reason(talk)
        written = [(form.sheet(Decision.REJECT, reason), form.policy) for form in forms]
        return send(session, Decision.REJECT, written)
    return _with(session.nothing("Nothing was submitted"), drafts)


def _with(told: Told, drafts: Drafts) -> Told:
    import msgspec

    return msgspec.structs.replace(told, kept=str(drafts.path) if drafts.path.exists() else None)


def _reason(talk: Talk) -> str:
    while True:
        said = talk.text("Why, and what has to change? > ")
        if said == ":e":
            said = talk.edit("")
        if says_something(said):
            return said
        talk.show("the proposer has to know: a sentence is enough")
