"""Motion behaviour patterns (Yi et al. 2022): the two networks, and poses as they take them."""
