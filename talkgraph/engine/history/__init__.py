"""What is remembered of every run."""
