"""One file a serving target: pins in, files out."""
