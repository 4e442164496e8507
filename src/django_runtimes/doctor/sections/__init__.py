"""What `webapp doctor` looks at, one module each."""
