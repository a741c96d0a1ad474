"""The pages: one room each, on top of the middle floor and the connection tests."""
