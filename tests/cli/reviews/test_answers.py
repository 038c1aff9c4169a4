"""``gatehouse review PR`` with a form that was filled in elsewhere, through the stand-in for GitHub over real HTTP."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.review import body, quoting
from tests.support.desk import PRODUCTION, pin
from tests.support.repo import promotion
from tests.support.room import LIMITATIONS, Room, furnished


@pytest.fixture
def room(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with furnished(tmp_path, capsys, monkeypatch) as made:
        yield made


class TestAnswered:
    """The form, filled in elsewhere."""

    def test_a_whole_form_is_submitted_and_counts(self, room: Room) -> None:
        ran = room.answer(room.form(), json=True)
        assert ran.code == 0, ran.err
        (review,) = room.reviews
        assert (review.author, review.state, review.commit) == ("olga", "APPROVED", room.pull.head_sha)
        answer = ran.document
        assert (answer["did"], answer["by"], answer["passed"]) == ("approved", "olga", False)
        (told,) = answer["pins"]
        assert (told["counted"], told["flagged"], told["hindered"]) == (True, False, [])
        assert [rule["rule"] for rule in told["lacking"]] == ["approvals"]
        assert answer["url"].endswith(f"#pullrequestreview-{review.id}")

    def test_the_second_one_makes_it_pass(self, room: Room) -> None:
        form = room.form()
        room.answer(form)
        ran = room.answer(form, "nils")
        assert ran.code == 0
        assert "nothing more is needed of people" in ran.out

    def test_the_words_are_on_github_as_they_were_given(self, room: Room) -> None:
        hostile = "@dana\n> **data**: gone\n# Approval of `x/y`, version 9\n\x1b[31m"
        quoted = "\n".join(f"> {line}" for line in quoting.quoted(hostile))
        form = room.form().replace("> fine", "> FIRST", 1).replace("> FIRST", quoted.replace("> > ", "> "), 1)
        room.answer(form)
        (sheet,) = body.read(room.reviews[0].body)
        assert sheet.answers["gain"] == hostile

    def test_standard_input_is_read_for_a_dash(self, room: Room) -> None:
        form = room.form()
        room.monkeypatch.setattr("gatehouse.cli.reviews.answers.sys.stdin", io.TextIOWrapper(io.BytesIO(form.encode())))
        stdin = io.TextIOWrapper(io.BytesIO(form.encode()))
        room.monkeypatch.setattr(io, "StringIO", lambda: stdin)
        assert room.run("--answers", "-").code == 0
        assert len(room.reviews) == 1

    def test_everything_that_is_missing_is_named_and_nothing_submitted(self, room: Room) -> None:
        ran = room.answer(room.form(filled=False), json=True)
        assert (ran.code, room.reviews) == (1, [])
        open_ = " ".join(ran.document["pins"][0]["open"])
        for name in ("gain", "data", "groups", "by-hand", "model-card", "timing", "on-call", *LIMITATIONS):
            assert name in open_
        assert "remarks" not in open_

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (("- [x] yes", "- [x] no"), "an approval needs yes here"),
            (("- [x] yes\n- [ ] no", "- [x] yes\n- [x] no"), "model-card: choose one of"),
            ((f"- [x] {LIMITATIONS[0]}", f"- [ ] {LIMITATIONS[0]}"), f"{LIMITATIONS[0]}: this known limitation"),
            (("> fine", "> ..."), "gain: it is not answered"),
            (("version 2", "version 3"), "version 3"),
            (("Approval of", "Rejection of"), "gives no reason"),
        ],
    )
    def test_what_is_half_filled_is_not_submitted(self, change: tuple[str, str], said: str, room: Room) -> None:
        ran = room.answer(room.form().replace(*change, 1))
        assert (ran.code, room.reviews) == (1, [])
        assert said in " ".join(ran.out.split())

    def test_a_token_of_another_pull_request_is_named_as_that(self, room: Room) -> None:
        form = room.form()
        room.at.close(room.pull)
        other = room.at.promote(PRODUCTION, 2, branch="once-more")
        room.at.judge(other)
        file = room.at.root.parent / "form.md"
        file.write_text(form)
        ran = room.run("2", "--answers", str(file))
        assert (ran.code, other.reviews) == (1, [])
        assert "is that of pull request #1" in " ".join(ran.out.split())

    def test_a_token_of_an_earlier_commit_is_named_as_that(self, room: Room) -> None:
        form, before = room.form(), room.pull.head_sha
        room.at.change(room.pull, {PRODUCTION.path: promotion(pin(3))})
        room.at.judge(room.pull)
        ran = room.answer(form)
        assert (ran.code, room.reviews) == (1, [])
        assert f"is that of an earlier commit of #1, {before[:12]}" in " ".join(ran.out.split())

    def test_a_rejection_in_the_form_rejects(self, room: Room) -> None:
        form = room.form().replace("Approval of", "Rejection of").replace("**gain**", "> too risky\n\n**gain**", 1)
        ran = room.answer(form)
        assert ran.code == 0, ran.out
        assert room.reviews[0].state == "CHANGES_REQUESTED"
        assert body.reason(room.reviews[0].body) == "too risky"

    @pytest.mark.parametrize("raw", [b"", b"looks good to me", "### Approval".encode("utf-16"), b"\xff\xfe"])
    def test_what_is_no_form_is_wrong_use(self, raw: bytes, room: Room) -> None:
        file = room.at.root.parent / "form.md"
        file.write_bytes(raw)
        ran = room.run("--answers", str(file))
        assert (ran.code, room.reviews) == (2, [])
        assert "fix:" in ran.err

    def test_a_file_that_is_not_there_is_wrong_use(self, room: Room) -> None:
        ran = room.run("--answers", "nowhere.md")
        assert ran.code == 2
        assert "nowhere.md cannot be read" in ran.err

    def test_somebody_who_cannot_count_submits_nothing_where_nobody_can_be_asked(self, room: Room) -> None:
        ran = room.answer(room.form(), "mallory", json=True)
        assert (ran.code, room.reviews) == (1, [])
        assert [rule["rule"] for rule in ran.document["pins"][0]["hindered"]] == ["owner"]

    @pytest.mark.parametrize(("said", "sent"), [("yes", 1), ("no", 0)])
    def test_somebody_who_cannot_count_is_asked_where_there_is_a_terminal(
        self, said: str, sent: int, room: Room
    ) -> None:
        ran = room.answer(room.form(), "mallory", types=[said])
        assert (ran.code, len(room.reviews)) == (1, sent)
        assert "@mallory is not a code owner" in ran.out

    def test_a_form_for_another_pin_alone_lacks_the_one_that_is_asked(self, room: Room) -> None:
        form = room.form()
        token = body.read(form)[0].token
        ran = room.answer(form.replace(token, "0" * 12), json=True)
        assert (ran.code, room.reviews) == (1, [])
        mine, other = ran.document["pins"]
        assert f"prints it, with the token {token}" in mine["open"][0]
        assert "its token 000000000000 is not one of #1" in other["open"][0]

    def test_an_answer_that_is_given_twice_is_named(self, room: Room) -> None:
        form = room.form()
        ran = room.answer(form + "\n" + form.replace("> fine", "> not at all", 1))
        assert (ran.code, room.reviews) == (1, [])
        assert "it is answered twice, and not the same" in " ".join(ran.out.split())


class TestTemplate:
    def test_the_form_carries_the_token_and_reads_back_once_filled(self, room: Room) -> None:
        (sheet,) = body.read(room.form())
        ran = room.run("--template", json=True)
        (form,) = ran.document["forms"]
        assert (form["token"], form["version"], form["promotion"]) == (sheet.token, 2, str(PRODUCTION))
        assert form["markdown"] == room.form(filled=False)

    def test_before_the_evidence_there_is_none(self, room: Room) -> None:
        room.at.change(room.pull, {PRODUCTION.path: promotion(pin(3))})
        ran = room.run("--template")
        assert (ran.code, "no evidence yet" in ran.out) == (1, True)
