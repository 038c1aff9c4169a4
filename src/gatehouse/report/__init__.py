"""Verdicts as Markdown, HTML and JSON."""
