"""The only package that imports PyGithub."""
