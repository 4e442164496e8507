"""Opening and pooling connections, and closing them when their thread or process ends."""
