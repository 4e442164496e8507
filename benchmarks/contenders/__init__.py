"""The contenders: this checkout, another revision and the peers, with their servers and testbed."""
