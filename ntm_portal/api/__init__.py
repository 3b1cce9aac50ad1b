"""The frame of the API: who gets in, errors, lists, its map. What it gives is in each app's own api.py."""
