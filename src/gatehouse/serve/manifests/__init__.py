"""What the targets for clusters share: names, metadata, pods and routes as plain values, and their YAML."""
