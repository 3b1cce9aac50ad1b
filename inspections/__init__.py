"""The work."""
