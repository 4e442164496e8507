"""Reads how a project lists its dependencies, and adds the library to them."""
