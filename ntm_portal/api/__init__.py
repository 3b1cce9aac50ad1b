"""The frame of the API: who gets in, errors, its map. What it gives is in each app's own api.py."""
