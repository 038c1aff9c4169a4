"""The only package that imports PyGithub; what comes out are frozen values."""

from gatehouse.github.client import GitHubReader, GitHubWriter
from gatehouse.github.patience import Patience
from gatehouse.github.refusal import Forbidden, Refused
from gatehouse.github.reviews import Decision
from gatehouse.github.values import (
    Account,
    Annotation,
    Authored,
    Change,
    Check,
    Comment,
    Conclusion,
    Edit,
    Issue,
    Level,
    Opened,
    Posted,
    Pull,
    Push,
    Requested,
    Review,
    ReviewState,
    Signed,
    Standing,
    Timeline,
)

__all__ = [
    "Account",
    "Annotation",
    "Authored",
    "Change",
    "Check",
    "Comment",
    "Conclusion",
    "Decision",
    "Edit",
    "Forbidden",
    "GitHubReader",
    "GitHubWriter",
    "Issue",
    "Level",
    "Opened",
    "Patience",
    "Posted",
    "Pull",
    "Push",
    "Refused",
    "Requested",
    "Review",
    "ReviewState",
    "Signed",
    "Standing",
    "Timeline",
]
