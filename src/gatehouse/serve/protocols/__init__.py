"""The two protocols callers speak, MLflow's scoring and Open Inference V2: bytes in, an Arrow batch out, and back."""
