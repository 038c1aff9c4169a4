"""Pins to evidence, evidence to verdicts."""
