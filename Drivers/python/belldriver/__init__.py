"""Boards and instruments for belld, in Python: pyzmq and numpy, nothing else."""
__version__ = "0.1.0"
