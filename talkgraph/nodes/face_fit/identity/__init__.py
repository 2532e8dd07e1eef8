"""Which picture of a face the recognition networks see, and what they say of it."""
