"""Parts of the image's fault cases."""
