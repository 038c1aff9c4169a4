"""What this project asks of every workflow: rules of its own, beside those of zizmor, actionlint and the schema."""
