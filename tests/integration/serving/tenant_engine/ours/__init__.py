"""An engine based on this project's."""
