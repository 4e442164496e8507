"""The application that everything is measured with: the project's own settings, two paths of its own."""
