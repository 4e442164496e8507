"""What HTTP in front of the application looks like: hops, headers, origins."""
