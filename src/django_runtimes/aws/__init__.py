"""How this library reaches AWS: the process's credentials and the signing of requests."""
