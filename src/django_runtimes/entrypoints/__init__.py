"""Where each runtime enters the application."""
