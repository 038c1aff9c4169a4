"""One file for each engine, and for each world that tables come from."""
