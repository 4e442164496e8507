"""The targets: alternatives under comparison, each an HTTP server on this machine."""
