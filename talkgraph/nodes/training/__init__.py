"""Shared by all that trains: the loop, groups of people, the export, the curve, and threads."""
