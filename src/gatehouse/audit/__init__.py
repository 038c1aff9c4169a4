"""The record of what happened: hash-chained, append-only."""
