"""`configure()`: what a project's settings become on this runtime, and the checks of what does not survive there."""
