"""The tables and queries of docs/bucketing.md, as the page has them."""

from __future__ import annotations

from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "bucketing.md").read_text(encoding="utf-8")


def table(first: str) -> list[dict[str, str]]:
    """The rows of the table whose first column is called so, without the marks of code."""
    lines = PAGE.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {first} |"))
    end = lines.index("", start)
    head, _, *rows = (_cells(line) for line in lines[start:end])
    return [dict(zip(head, row, strict=True)) for row in rows]


def queries() -> list[str]:
    return [block.partition("```")[0] for block in PAGE.split("```sql\n")[1:]]


def yaml() -> list[str]:
    return [block.partition("```")[0] for block in PAGE.split("```yaml\n")[1:]]


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip("|").split("|")]
