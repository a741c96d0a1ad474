"""What every room builds on: one of each mechanism."""
