"""Plans the changes to the files of a project, shows them, writes them and undoes them."""
