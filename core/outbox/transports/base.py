class Refused(Exception):
    """The other side will never take this message: the address is wrong, or the message is."""
