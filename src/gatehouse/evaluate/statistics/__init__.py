"""Mergeable kernels in numpy over Arrow batches, and the tests built on them."""
