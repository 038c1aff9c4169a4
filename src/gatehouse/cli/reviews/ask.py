"""What ``gatehouse review PR`` does for a person: asks, submits, rejects, calls an emergency, prints the form.

Exit 0: it was submitted and counts, or nobody has to agree. 1: nothing was submitted, or what was does not count; the
answer says why. 2: wrong use. All print a ``told.Told`` as JSON, and ``template`` a ``told.Forms``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import hub
from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress
from gatehouse.cli.reviews import told
from gatehouse.cli.reviews.talk import Talk, present
from gatehouse.cli.reviews.told import Did, Told
from gatehouse.cli.reviews.view import find, me, view
from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.review import body, quoting
from gatehouse.review.quoting import says_something
from gatehouse.review.sheet import Decision, blank
from gatehouse.review.would import LIFTABLE, calling, lacking

if TYPE_CHECKING:
    from gatehouse.cli.reviews.submitting import Session
    from gatehouse.github import GitHubWriter, Pull

_OTHERWISE = "fill in the form of the pull request's comment in the browser"


def approve(settings: Settings, number: int, answers: Path | None) -> int:
    """Asks the questionnaire and submits the review; or submits the one in a file (- is standard input)."""
    from gatehouse.cli.reviews.answers import handed, read
    from gatehouse.cli.reviews.terminal import questioned

    if answers is None and not present():
        raise GatehouseError(
            "nobody is at a terminal to answer the questions",
            f"print them with `gatehouse review {number} --template > form.md`, fill them in, and submit them with "
            f"`gatehouse review {number} --answers form.md`; or {_OTHERWISE}",
        )
    text = None if answers is None else read(answers)
    with _session(settings, number) as session:
        if not session.seen.facts.asked:
            return _end(settings, session.nothing(nobody(session), did=Did.ALREADY))
        if text is not None:
            return _end(settings, handed(session, text))
        return _end(settings, questioned(session, session.talk or Talk(settings)))


def reject(settings: Settings, number: int, reason: str) -> int:
    """Submits a review that rejects every pin, whatever the gates say; the reason goes to whoever proposed it."""
    _said(reason, "--reject", "what is wrong, and what has to change")
    with _github(settings) as github:
        with progress(settings) as say:
            pull = find(github, number, say)
        if pull.author.login.lower() == me(github).login.lower():
            raise GatehouseError(
                f"#{number} is your own pull request, and GitHub lets nobody reject their own",
                f"close it: gh pr close {number}, or the button on {pull.url}",
            )
        return _end(settings, _rejected(settings, github, pull, reason))


def emergency(settings: Settings, number: int, reason: str) -> int:
    """Calls an emergency on every pin that something other than its evidence keeps back."""
    _said(reason, "--emergency", "what happens if it waits")
    with _session(settings, number) as session:
        return _end(settings, _called(session, reason))


def template(settings: Settings, number: int) -> int:
    """Prints the blank form of every pin that people have to agree to."""
    with _session(settings, number) as session:
        facts = session.seen.facts
        forms = tuple(
            told.Form(
                str(asked.slot),
                asked.role,
                asked.candidate.version,
                asked.token,
                body.template(blank(asked), asked.policy),
            )
            for asked in facts.asked
            if asked.token
        )
        if settings.json:
            emit(settings, told.Forms(number, facts.head, forms), "")
        elif forms:
            # As it is: whoever fills it in sends it back.
            click.echo("\n".join(form.markdown for form in forms), nl=False)
        else:
            emit(settings, None, nobody(session) if not facts.asked else _NO_EVIDENCE)
        return BLOCKED if facts.asked and not forms else DONE


_NO_EVIDENCE = "There is no evidence yet that an approval could name: come back when the gates have passed"


@contextmanager
def _github(settings: Settings) -> Iterator[GitHubWriter]:
    with hub.connect(settings, _OTHERWISE) as github:
        yield github


@contextmanager
def _session(settings: Settings, number: int) -> Iterator[Session]:
    from gatehouse.cli.reviews.submitting import Session

    with _github(settings) as github:
        with progress(settings) as say:
            seen = view(settings, github, number, say)
        yield Session(settings, github, seen, Talk(settings) if present() else None)


def _said(reason: str, option: str, what: str) -> None:
    if not says_something(reason):
        raise GatehouseError(f"{option} needs a reason", f"say {what}, in a sentence: it goes on the record")


def nobody(session: Session) -> str:
    """Why nobody has to agree to a pull request."""
    answers = session.seen.look.answers
    if not answers:
        return f"#{session.number} changes no promotion: nobody has to answer for it here"
    back = [str(answer.slot) for answer in answers if answer.returning]
    rest = [str(answer.slot) for answer in answers if not answer.returning]
    told = [f"{', '.join(back)} goes back to what served before"] if back else []
    told += [f"the gates alone decide about {', '.join(rest)}"] if rest else []
    return f"Nobody has to agree to #{session.number}: {'; '.join(told)}"


def _rejected(settings: Settings, github: GitHubWriter, pull: Pull, reason: str) -> Told:
    """Whatever the pins are worth; where they do not even read, the reason stands alone."""
    from gatehouse.cli.reviews.submitting import Session, send

    with progress(settings) as say:
        try:
            seen = view(settings, github, pull.number, say)
        except Unreachable:
            raise
        except GatehouseError as error:
            return _unread(github, pull, reason, error)
    session = Session(settings, github, seen, None)
    written = [
        (msgspec.structs.replace(blank(asked, Decision.REJECT), reason=reason), asked.policy)
        for asked in seen.facts.asked
    ]
    return send(session, Decision.REJECT, written, "\n".join(quoting.quoted(reason)))


def _unread(github: GitHubWriter, pull: Pull, reason: str, error: GatehouseError) -> Told:
    """The rejection of what cannot be read: there is no pin that a form could name."""
    from gatehouse.github import Decision as As

    text, login = "\n".join(quoting.quoted(reason)), me(github).login
    review = github.reviews.submit(pull.number, As.REQUEST_CHANGES, text, pull.head_sha)
    answer = told.nothing(
        pull, login, f"Rejected #{pull.number} as @{login}", did=Did.REJECTED, url=review.url, body=text
    )
    return told.but(answer, f"the form is missing, because its pins could not be read: {error.message}")


def _called(session: Session, reason: str) -> Told:
    from gatehouse.cli.reviews.submitting import Sent, after, cleared
    from gatehouse.review.facts import Standing
    from gatehouse.review.judge import judge

    seen = session.seen
    places = judge(seen.facts, seen.now).places
    if not places:
        return session.nothing(nobody(session), did=Did.ALREADY)
    if not any(place.asked.token for place in places):
        return session.nothing("An emergency lifts no gate, and there is no evidence yet")
    if not any(rule.rule in LIFTABLE for place in places for rule in lacking(place)):
        return session.nothing("There is nothing that an emergency would lift")
    text = calling(seen.facts, reason)
    if (ended := cleared(session, text, Standing.EMERGENCY)) is not None:
        return ended
    with progress(session.settings) as say:
        say("calling the emergency")
        comment = session.github.comments.say(session.number, text)
    return after(session, Did.EMERGENCY, Sent(comment.id, comment.url, text))


def _end(settings: Settings, answer: Told) -> int:
    emit(settings, answer, list(told.text(answer)))
    if answer.did in (Did.REJECTED, Did.ALREADY):
        return DONE
    return DONE if answer.did is not Did.NOTHING and answer.counted else BLOCKED
