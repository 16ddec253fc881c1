"""A team, its runners, their storage and their Zoom in one process, under a clock that nobody waits for.

One seed makes one history. Ours are the real engine, client, leased store and plan, and the
emulator; made up are time, the network, the storage behind `Place`, and what goes wrong.

Not in it: what docs/promise.md assumes, broken; a file, git, and real servers; edits in Zoom while a run is
under way; an older state; people who answer exit status 5; a user who is named by id in one place and by
e-mail in another; `protect` set while a replace is open.
"""
