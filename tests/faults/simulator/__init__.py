"""A team, its runners, their storage and their Zoom in one process, under a clock that nobody waits for.

One seed makes one history. Ours are the real engine, client, leased store and plan, and the
emulator; made up are time, the network, the storage behind `Place`, and what goes wrong.
"""
