"""An application for monitoring tools: a settings module for each, and views that tag their request with it."""
