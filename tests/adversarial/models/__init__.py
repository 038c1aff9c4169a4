"""One hostile model a file. Its docstring says what it tries; ``GATE``, ``OUTCOME`` and ``SAYS`` (a pattern) are the
verdict that has to stop it; see ``tests.adversarial.pack`` for the rest of what a file may say."""
