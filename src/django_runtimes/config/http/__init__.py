"""The HTTP hops in front of the application: their headers, base path and origins."""
