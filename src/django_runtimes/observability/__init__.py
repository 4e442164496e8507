"""What the application says about itself: logs, and warnings at start-up."""
