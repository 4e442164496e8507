"""`configure()`: fits a project's settings to the runtime, and checks for code and settings that fail there."""
