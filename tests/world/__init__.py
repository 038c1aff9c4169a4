"""A whole company in a folder: its data, its models, its registry, its repository, and its GitHub."""
