"""Hostile models, each put through a real check: pack.py says what each one is, world.py what it may want."""
