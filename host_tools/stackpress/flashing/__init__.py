"""Putting firmware on a board: what an image is, where it may go, and the way there and back.

Everything is checked before the first byte is written; what can break off in the middle is written so that the same command
carries on from there.
"""
