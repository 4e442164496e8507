"""The project with views that show, wait and waste, mounted into the containers under test."""
