"""Tests mirror the rooms of talkgraph; `torture` holds the long ones."""
