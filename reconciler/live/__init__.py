"""The current content of Zoom: read it, refresh a state from it, report drift, generate specs for `import`.

It never writes to Zoom. Pure: the client and the clock are passed in. Begin reading at `read`.
"""
