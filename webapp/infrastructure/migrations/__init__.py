"""The history of the schema, applied by `webapp.infrastructure.db.upgrade`.

A file of versions/ is named by its number and what it does (0001_limits.py); `revision` is that number, and
`down_revision` the number before. Forward only: a backup is the way back. Tests compare the result with models.py.
"""
