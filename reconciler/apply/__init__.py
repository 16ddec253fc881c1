"""The engine: does what a plan says, each change exactly once and within the daily budget.

An intent is durable before its request leaves, and a request without a clear answer is looked up before
anything else is sent. Pure: Zoom, the store and the clock are passed in. Begin reading at `engine`.
"""
