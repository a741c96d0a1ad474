"""GMX POP setup wizard."""
