"""A pinned model as its own process; the same worker for gates and for serving."""
