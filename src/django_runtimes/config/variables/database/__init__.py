"""Variables of the database: its address, login, connections and their budget."""
