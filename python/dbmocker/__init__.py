"""dbmocker from Python: plans, and their rows as Arrow.

The rows are made by the ``dbmocker`` program of this package's wheel and arrive as an Arrow IPC stream, so pyarrow is
needed to read them. Any program's error is a :class:`DbmockerError` with its message.
"""

from ._plan import Column, Plan, Rows, Table, load, plan
from ._program import DbmockerError, program

__all__ = ["Column", "DbmockerError", "Plan", "Rows", "Table", "load", "plan", "program"]
