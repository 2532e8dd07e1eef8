"""A drawn motion made a person's: spreads, range, and what speech does to its speed."""
