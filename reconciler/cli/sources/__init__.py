"""Finds and reads the files of a command: specs, policies, settings."""
