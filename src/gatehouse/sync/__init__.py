"""Desired and actual make a plan; apply executes it."""
