"""Values, their codecs, their content keys and the store that keeps them. Knows no graphs and no faces."""
