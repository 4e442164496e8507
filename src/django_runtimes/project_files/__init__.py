"""`webapp init`: changes a project's files so that it runs on every runtime, and undoes the changes."""
