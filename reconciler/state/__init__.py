"""Recorded meetings, open intents and used requests, and the JSON document that holds them.

A state holds no secret. Every change makes a new `State`. Begin reading at `state`.
"""
