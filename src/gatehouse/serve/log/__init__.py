"""The log of live traffic as the router writes it, and the outcomes that are joined to it later.

The format is that of docs/traffic.md. :class:`~gatehouse.serve.log.writer.LogWriter` takes rows and never waits.
"""
