"""The command line: one module a verb; the only prints, environment reads and exit codes."""
