"""Mean and basis of the albedo from many persons, for the default face model."""
