"""The peers' Lambda handlers, each as its own documentation sets it up."""
