"""`webapp doctor`: examines the configuration and the servers that it names."""
