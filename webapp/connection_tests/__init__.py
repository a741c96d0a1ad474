"""The engine of the connection test: begin a run, queue it for a thread, store its progress."""
