"""What a deploy refuses, or asks consent for, before anything is created or changed."""
