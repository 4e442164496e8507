"""What a comparison sends and to which application, as a workload file says it."""
