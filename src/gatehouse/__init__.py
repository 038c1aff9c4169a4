"""Promote machine-learning models to production as reviewed changes to a file."""

__version__ = "0.1.0"
