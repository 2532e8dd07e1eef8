"""Shared by all that trains: loop, groups of people, checkpoints, export, curve, and threads."""
