"""What the rest of gatehouse takes for granted, looked at: GitHub's settings, CODEOWNERS, MLflow, the sandbox."""
