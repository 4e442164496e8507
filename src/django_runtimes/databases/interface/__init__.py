"""What the library asks a database engine, and the table of the engines that answer."""
