"""Training of the general refiner, over the clips of many people (Yi et al. 2020, section 4.1)."""
