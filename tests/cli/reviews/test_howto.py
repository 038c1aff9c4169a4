"""How people agree, as the report on a pull request tells them: what is copied from it and filled in counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gatehouse.cli.hub import connect
from gatehouse.cli.watch import Watch
from tests.github import markdown
from tests.support import gated
from tests.support.desk import MODEL, PRODUCTION, STAGING, Desk, pin
from tests.support.gate import Gate
from tests.support.gate import gate as opened
from tests.support.repo import POLICY, promotion

TITLE = "How to review"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with opened(tmp_path) as made:
        yield made


class Copied(HTMLParser):
    """The text of a page's one block of code, as its button copies it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self._open = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        self._open -= tag == "pre"

    def handle_data(self, data: str) -> None:
        self.text += data if self._open else ""


def comment(gate: Gate) -> str:
    return gate.at.remote.of(gate.pull.number)[0].body


def form(gate: Gate) -> str:
    """What is on the pull request's page to be copied."""
    return Copied(markdown.render(comment(gate))).text


def filled(text: str, answer: str = "It does: **+0.03**, see #12 & <https://acme.example>.") -> str:
    """As a person fills it in: words behind each ``>``, a tick at each yes and at each limitation."""
    head, _, limits = text.partition("**limitations**")
    written = re.sub(r"(?m)^>$", f"> {answer}", head).replace("- [ ] yes", "- [x] yes")
    return f"{written}**limitations**{limits.replace('[ ]', '[x]')}" if limits else written


def tokens(text: str) -> list[str]:
    return re.findall(r"token <code>([0-9a-f]{12})</code>", text)


class TestTheForm:
    def test_filled_in_it_counts_as_a_review_and_as_a_comment(self, gate: Gate) -> None:
        gate.approve("olga", words=filled(form(gate)))
        gate.say("nils", filled(form(gate)))
        assert gate.judged().passed, [ruled for ruled in gate.rules() if not ruled.ok]
        assert gate.counted() == ["nils", "olga"]

    def test_what_was_answered_is_read_back_to_the_letter(self, gate: Gate) -> None:
        answer = "Ja: 3 % mehr – „gut“, 良い; a|b <b>c</b> `d` $x$ @acme/risk"
        gate.approve("olga", words=filled(form(gate), answer))
        (place,) = gate.judged().places
        (counted,) = place.counted
        assert counted.answers["gain"] == answer

    def test_left_blank_it_counts_for_nothing(self, gate: Gate) -> None:
        gate.approve("olga", words=form(gate))
        gate.say("nils", form(gate))
        assert gate.counted() == []
        assert "questions" in gate.broken()

    def test_github_s_editor_ends_lines_with_carriage_returns_and_that_is_the_same(self, gate: Gate) -> None:
        gate.approve("olga", words=filled(form(gate)).replace("\n", "\r\n"))
        assert gate.counted() == ["olga"]

    def test_the_copied_rejection_rejects_with_its_reason(self, gate: Gate) -> None:
        gate.approve("olga", "nils", words=filled(form(gate)))
        (copied,) = re.findall(r"<code>(/reject-model .*?)</code>", comment(gate))
        assert gate.judged().passed
        gate.at.github.advance(minutes=1)
        gate.say("olga", copied.replace("…", "unfair to small businesses"))
        assert not gate.judged().passed


class TestTheToken:
    def test_it_is_the_one_that_reviews_are_judged_by(self, gate: Gate) -> None:
        (asked,) = gate.facts().asked
        assert tokens(comment(gate)) == [asked.token]
        assert asked.token in gate.at.summary(gate.pull)

    def test_posted_again_for_the_same_evidence_it_stays(self, gate: Gate) -> None:
        before = tokens(comment(gate))
        gate.at.judge(gate.pull)
        assert tokens(comment(gate)) == before

    def test_after_a_push_it_is_another(self, gate: Gate) -> None:
        before = tokens(comment(gate))
        gate.at.change(gate.pull, {"README.md": "more\n"})
        gate.at.judge(gate.pull)
        assert len(tokens(comment(gate))) == 1
        assert tokens(comment(gate)) != before


class TestWhoIsNotAsked:
    def _posted(self, at: Desk, slot: str, text: str, says: gated.Gates = gated.passes) -> str:
        pull = at.open({slot: text})
        at.judge(pull, says)
        return at.remote.of(pull.number)[0].body

    def test_while_a_gate_fails_review_comes_after(self, gate: Gate) -> None:
        gate.at.judge(gate.pull, gated.fails)
        assert TITLE not in comment(gate)
        assert "once every gate has passed, this report says how" in comment(gate)

    def test_where_the_evidence_does_not_hold_any_more_nobody_is_sent_to_approve_it(self, gate: Gate) -> None:
        base = gate.at.main
        gate.at.push({f"promotions/{MODEL}/policy.yaml": POLICY.format(soak="0s").replace("0.82", "0.83")})
        gate.at.judge(gate.pull, base=base)
        assert "does not hold against main" in comment(gate)
        assert TITLE not in comment(gate)

    def test_a_stage_without_people_says_that_it_merges_itself(self, gate: Gate) -> None:
        body = self._posted(gate.at, STAGING.path, promotion(pin(3)))
        assert "not needed for staging: the gates alone decide there. It merges itself" in body
        assert TITLE not in body

    def test_what_served_before_comes_back_without_people(self, gate: Gate) -> None:
        gate.at.close(gate.pull)
        gate.at.push({PRODUCTION.path: promotion(pin(3))})
        body = self._posted(gate.at, PRODUCTION.path, promotion(pin(1)))
        assert "not needed to go back: version 1 was champion here before" in body
        assert TITLE not in body


def test_a_check_that_turns_green_again_tells_how_to_review_too(gate: Gate) -> None:
    gate.at.spoof(gate.pull, "gatehouse", "failure", "Out of date: credit-risk/production: the champion moved")
    with connect(gate.at.settings) as github:
        watch = Watch.now(gate.at.settings, github)
        states = [watch.settle(rival) for rival in watch.rivals]
    assert [(state.state, state.changed) for state in states] == [("good", True)]
    assert TITLE in gate.at.summary(gate.pull)
