"""Opens and pools connections, and closes them when their thread or process ends."""
