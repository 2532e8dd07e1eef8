"""The paper's network for BFM 2009: the aligned picture that it sees, and its checkpoint."""
