"""How a request reaches Django; imports nothing else of this project."""
