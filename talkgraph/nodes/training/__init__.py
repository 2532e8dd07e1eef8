"""Shared by all that trains: the curve that is written down, and threads."""
