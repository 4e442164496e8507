"""The verbs' access to AWS, one service per module."""
