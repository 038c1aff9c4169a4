"""Answers to people in the pull request: one comment of ours, which says what is open, and nothing else."""

from __future__ import annotations

from gatehouse.cli.reviews.bench import Bench, Seen, proposed
from gatehouse.review import replies

COMMENT = "review"


def answer(bench: Bench, seen: Seen) -> bool:
    """Says what is wrong with the commands of comments, and what is to change after a rejection; whether there is
    anything to say. Where there is not, no comment is made, and one that is there says so."""
    github, number = bench.github, seen.pull.number
    found = replies.replies(seen.facts, seen.judgement, proposed(seen.found))
    told = replies.comment(seen.facts, seen.rejections, found)
    if told or github.reader.comments.stuck(number, COMMENT, github.login):
        github.comments.stick(number, COMMENT, told or f"{replies.NOTHING}\n")
    return bool(told)
