"""Single dates of a series in a plan: `steps` compares them, `turns` gives each changed date its day.

`windows` extends long series, `slots` compares the timetables of rooms, `slot_words` and `words` describe.
"""
