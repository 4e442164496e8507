"""The limits of the Data API that a statement or its rows may exceed."""
