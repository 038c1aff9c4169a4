"""promotions/ as typed values, at any git revision."""
