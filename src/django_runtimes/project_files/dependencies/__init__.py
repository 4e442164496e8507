"""How a project lists its dependencies, and the line that adds the library."""
