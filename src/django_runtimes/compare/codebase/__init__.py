"""What is measured: a codebase, the variables its processes start with, and its prepared database."""
