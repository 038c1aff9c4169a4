"""What live traffic left behind: the logs' format, once for who writes and who judges by them, and their reading."""
