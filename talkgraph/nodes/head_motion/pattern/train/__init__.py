"""Learning the pattern networks from tracked clips of many people."""
