"""The demo: one coherent day at the desk of a company that runs card payments. All of it is invented.

It is told through the same operations as everything else, only at moments in the past.
"""
