"""What was asked for, what it would take, and how it is made."""
