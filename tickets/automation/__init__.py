"""What the desk does by itself with tickets: event rules, time rules, and the record of why.

A rule runs with the rights of its owner and through the same operations as everybody. What it causes carries
its name (`because`), so that no rule reacts to itself and a loop of rules is found, stopped and named.
"""
