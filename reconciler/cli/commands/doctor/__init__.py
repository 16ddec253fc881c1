"""The command `doctor`: checks of the files, the state and the Zoom account. It changes only the lock."""
