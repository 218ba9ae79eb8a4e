"""What a machine may lack."""


class RigMissing(Exception):
    """This machine lacks a part of the rig; the sentence names it and its package."""
