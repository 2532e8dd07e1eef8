"""Mean and bases of the shape from tracked faces, for the default face model."""
