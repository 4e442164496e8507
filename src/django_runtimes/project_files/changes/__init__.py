"""Plans the changes to a project's files, shows them, writes them and undoes them."""
