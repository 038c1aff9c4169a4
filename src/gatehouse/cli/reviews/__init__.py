"""What the verb ``review`` is made of, and what other verbs ask of reviews: one room for the human gate."""
