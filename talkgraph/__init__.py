"""Node-graph library for audio-driven talking-face video."""

__version__ = "0.1.0"
