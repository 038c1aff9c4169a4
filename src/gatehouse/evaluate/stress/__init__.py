"""Candidate and champion on rows that are not perfect: noisy, incomplete, mixed up, or searched for to mislead.

sample.py    which rows, drawn the same way for the same question; what may be changed in them
changes.py   the changes, each a pure function of the sample and a random stream of its own
search.py    the bounded search for inputs that flip a decision, through predictions alone
shaken.py    the models asked about all of that: boards of changed against clean answers
drops.py     how much is lost, tested; what the gate decides on
"""
