"""Lists of people: `misplaced` names where none is taken, `shared` makes them of imported meetings."""
