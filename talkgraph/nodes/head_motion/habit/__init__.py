"""How one person moves the head: place, spreads, range, and what speech does to its speed."""
