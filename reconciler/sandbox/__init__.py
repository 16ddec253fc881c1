"""A bundled emulator of the Zoom API: in the process, or on a port of this machine.

It knows nothing of specs, plans or states, and the rest of the program cannot tell it from Zoom.
Starlette is loaded with `app`, uvicorn with `server`. Begin reading at `sandbox`.
"""
