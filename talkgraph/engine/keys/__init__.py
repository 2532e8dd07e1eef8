"""What a key is made of: code, parameters and inputs; and why a step runs."""
