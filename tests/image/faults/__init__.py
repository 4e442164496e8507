"""Faults and abuse that the image must survive in a container or an execution environment."""
