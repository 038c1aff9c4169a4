"""The human gate: what an approval must say, and which approvals count. Pure: everything that is known is given."""
