"""The flow: what its network hears, what its file says about itself, and drawing a motion."""
