"""Response headers that limit what a page may load and do: the policies, and their nonce in templates."""
