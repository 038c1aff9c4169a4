"""What feeds the kernels: each engine reads tables as Arrow batches."""
