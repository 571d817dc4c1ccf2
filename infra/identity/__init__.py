"""Roles, and the documents that say what they may do."""
