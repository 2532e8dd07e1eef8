"""Training of the mapping: the corpus, its lags and losses, the optimiser, folds, scores, card."""
