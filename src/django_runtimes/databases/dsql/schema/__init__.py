"""Changes of the schema within the rules of Aurora DSQL."""
