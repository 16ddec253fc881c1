"""Lists of people: where their names are taken, and where they are not."""
