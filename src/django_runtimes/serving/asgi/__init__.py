"""How an ASGI request reaches Django."""
