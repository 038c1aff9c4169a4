"""The only package that imports the MLflow client: reader, writer, artifacts."""
