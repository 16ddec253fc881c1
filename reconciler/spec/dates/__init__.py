"""Single dates of series and timetables of rooms, as they are declared."""
