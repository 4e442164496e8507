"""What the user types, one module each."""
