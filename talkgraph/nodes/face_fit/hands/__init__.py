"""Hands in a picture: the networks that see them, and how they are followed."""
