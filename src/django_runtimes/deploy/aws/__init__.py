"""AWS as the verbs reach it, one service per module."""
