"""A stand-in for GitHub: its API over real HTTP, a real git repository behind it, every exchange held against GitHub's
own description of the API, and a page that shows a pull request's conversation to a person.

``with GitHub(folder) as github`` in tests; ``python -m tests.github`` as a program.
"""

from tests.github.openapi import Violation
from tests.github.standin import GitHub

__all__ = ["GitHub", "Violation"]
