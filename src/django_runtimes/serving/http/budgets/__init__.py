"""What the connections of one worker have together: memory and time."""
