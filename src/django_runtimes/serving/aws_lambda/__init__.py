"""How a Lambda event reaches Django."""
