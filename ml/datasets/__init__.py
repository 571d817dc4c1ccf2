"""Data sets: each module fetches one, verifies it, and splits it into the files that the accounts get."""
