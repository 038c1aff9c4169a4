"""The only package that imports PyGithub; what comes out are frozen values."""

from gatehouse.github.client import GitHubReader, GitHubWriter
from gatehouse.github.patience import Patience
from gatehouse.github.refusal import Forbidden, Refused
from gatehouse.github.reviews import Decision
from gatehouse.github.values import (
    Account,
    Annotation,
    Change,
    Check,
    Comment,
    Conclusion,
    Level,
    Opened,
    Posted,
    Pull,
    Requested,
    Review,
    ReviewState,
    Standing,
)

__all__ = [
    "Account",
    "Annotation",
    "Change",
    "Check",
    "Comment",
    "Conclusion",
    "Decision",
    "Forbidden",
    "GitHubReader",
    "GitHubWriter",
    "Level",
    "Opened",
    "Patience",
    "Posted",
    "Pull",
    "Refused",
    "Requested",
    "Review",
    "ReviewState",
    "Standing",
]
