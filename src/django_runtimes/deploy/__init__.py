"""Deploys the application to AWS: `webapp init`, `build`, `deploy` and the other verbs."""
