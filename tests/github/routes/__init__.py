"""What the stand-in answers, one module a part of GitHub's API; importing this package fills ``wire.ROUTES``."""

from tests.github.routes import actions, checks, code, environments, issues, people, pulls, reviews, settings

__all__ = ["actions", "checks", "code", "environments", "issues", "people", "pulls", "reviews", "settings"]
