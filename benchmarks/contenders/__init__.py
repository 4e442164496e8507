"""What is measured side by side: this checkout, another revision, the peers, and what each finds around it."""
