"""The core: standard library and pure data. Knows no Flask, no database, no queue and no DNS library."""
