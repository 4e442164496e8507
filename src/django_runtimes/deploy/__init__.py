"""Puts the application on AWS and keeps it there: the verbs `init`, `build`, `deploy` and those beside them."""
