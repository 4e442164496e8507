"""An application for monitoring tools, with a settings module for each tool and views that tag their requests."""
