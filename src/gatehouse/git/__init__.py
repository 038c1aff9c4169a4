"""Git as a database of files: read any revision, write commits, without ever touching the working tree."""

from gatehouse.git.repository import Commit, Repository
from gatehouse.git.writer import Author, Writer

__all__ = ["Author", "Commit", "Repository", "Writer"]
