"""Start-up checks of the configuration."""
