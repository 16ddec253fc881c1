"""One meeting: its fields, schedule, body, passcode, and how two values are compared.

It knows no other meeting, no state and no clock. Begin reading at `meeting`.
"""
