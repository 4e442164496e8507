"""What the image survives: the faults and abuses that meet a container or an execution environment."""
