"""Made of the engine of this project."""
