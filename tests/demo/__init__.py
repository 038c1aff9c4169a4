"""The narrated demo: ``scripts/demo``."""
