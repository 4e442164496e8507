"""Where connections come from, and when they end with their thread or process."""
