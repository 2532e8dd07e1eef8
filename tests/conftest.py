"""Every run of the tests tries the same cases; machines differ in speed, not in outcome."""

from hypothesis import settings

settings.register_profile("talkgraph", derandomize=True, deadline=None)
settings.load_profile("talkgraph")
