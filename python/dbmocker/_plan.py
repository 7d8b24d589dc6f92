"""Plans: what rows there are, and the rows themselves as Arrow, made while they are read."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Union

from ._program import Bar, check, flags, program, run

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = ["Column", "Plan", "Rows", "Table", "load", "plan"]


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, the server's type, and whether it may be NULL."""

    name: str
    sql_type: str
    nullable: bool


@dataclass(frozen=True)
class Table:
    """A table of a plan, parents before children."""

    name: str
    rows: int
    columns: List[Column]


class Plan:
    """What a run makes: tables, row counts and a rule for every column.

    The rows are functions of the plan and their numbers: any range of rows of any table can be made on any machine,
    without a database and without the rows before it.

    >>> shop = plan(URL, rows=1000, seed=7)
    >>> shop.tables[0].rows
    1000
    >>> shop.batches("customers", 10, 13).read_all().num_rows
    3
    """

    def __init__(self, text: bytes) -> None:
        """From the text that ``dbmocker plan --save`` wrote; raises ValueError for any other."""
        told = json.loads(text)
        if not isinstance(told, dict) or not str(told.get("generator", "")).startswith("dbmocker "):
            raise ValueError("not a plan that `dbmocker plan --save` wrote")
        self._text = text
        self._file: Optional[Any] = None
        self.seed: int = told["seed"]
        self.tables: List[Table] = [
            Table(t["label"], t["rows"], [Column(c["name"], c["sql_type"], c["nullable"]) for c in t["columns"]])
            for t in told["tables"]
        ]

    @classmethod
    def read(cls, path: Union[str, "os.PathLike[str]"]) -> "Plan":
        """Reads a file that :meth:`write` or ``dbmocker plan --save`` wrote."""
        with open(path, "rb") as file:
            return cls(file.read())

    def write(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes the plan to a file, for :meth:`read` and ``dbmocker export --plan``."""
        with open(path, "wb") as file:
            file.write(self._text)

    def table(self, name: str) -> Table:
        """The table of that name; raises KeyError if the plan has none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError("no table %r; the plan has %s" % (name, ", ".join(t.name for t in self.tables)))

    def rows(self, table: str, start: int = 0, stop: Optional[int] = None) -> "Rows":
        """Rows ``start`` to ``stop`` (without it) of a table, for libraries that take the Arrow PyCapsule stream.

        >>> import polars
        >>> polars.DataFrame(plan(URL, rows=100).rows("customers")).height
        100
        """
        return Rows(self, table, start, stop)

    def batches(
        self,
        table: str,
        start: int = 0,
        stop: Optional[int] = None,
        batch_rows: Optional[int] = None,
        *,
        uuids: str = "bytes",
        workers: Optional[int] = None,
        progress: bool = False,
    ) -> "pyarrow.RecordBatchReader":
        """Rows ``start`` to ``stop`` (without it) of a table as Arrow record batches, made while they are read.

        ``batch_rows`` is the most rows of a batch, ``uuids`` is ``"bytes"`` or ``"text"``, ``workers`` are the threads
        that generate (default: the cores of the machine), and ``progress`` shows a bar if tqdm is installed. Memory
        does not grow with the rows. Raises :class:`DbmockerError` with the program's message.

        >>> sum(b.num_rows for b in plan(URL, rows=1000).batches("orders", batch_rows=300))
        1000
        """
        import pyarrow

        rows = self.table(table).rows
        start, stop, _ = slice(start, stop).indices(rows)
        if batch_rows is not None and batch_rows < 1:
            raise ValueError("batch_rows must be 1 or more")
        args = ["--tables", _quoted(table)]
        if start < stop:
            args = ["--rows-range", "%s:%d..%d" % (table, start, stop)]
        elif rows > 0:
            one = self.batches(table, 0, 1, uuids=uuids, workers=1)
            schema = one.schema
            one.read_all()
            return pyarrow.RecordBatchReader.from_batches(schema, iter(()))
        args += flags({"uuids": uuids, "workers": workers})
        process = _Stream(self._path(), args)
        reader = process.open()
        bar = Bar(progress, max(stop - start, 0), table)
        return pyarrow.RecordBatchReader.from_batches(reader.schema, process.batches(reader, batch_rows, bar))

    def schema(self, table: str) -> "pyarrow.Schema":
        """The Arrow schema of a table's rows.

        >>> plan(URL, rows=10).schema("orders").field("customer_id").type
        DataType(int64)
        """
        return self.batches(table, 0, 0).read_all().schema

    def to_arrow(
        self, table: str, start: int = 0, stop: Optional[int] = None, *, progress: bool = False
    ) -> "pyarrow.Table":
        """All rows, or some, in memory.

        >>> plan(URL, rows=10).to_arrow("orders", 2, 5).num_rows
        3
        """
        with self.batches(table, start, stop, progress=progress) as reader:
            return reader.read_all()

    def to_polars(
        self, table: str, start: int = 0, stop: Optional[int] = None, *, progress: bool = False
    ) -> "polars.DataFrame":
        """All rows, or some, as a polars data frame.

        >>> plan(URL, rows=10).to_polars("orders").columns
        ['id', 'customer_id', 'total', 'ordered_at']
        """
        import polars

        frame = polars.from_arrow(self.to_arrow(table, start, stop, progress=progress))
        assert isinstance(frame, polars.DataFrame)
        return frame

    def to_pandas(
        self,
        table: str,
        start: int = 0,
        stop: Optional[int] = None,
        *,
        arrow_types: bool = False,
        progress: bool = False,
    ) -> "pandas.DataFrame":
        """All rows, or some, as a pandas data frame.

        With ``arrow_types`` its columns keep their Arrow types: whole numbers with NULLs, decimals, days.

        >>> plan(URL, rows=10).to_pandas("customers").shape
        (10, 3)
        >>> plan(URL, rows=10).to_pandas("orders", arrow_types=True)["total"].dtype
        decimal128(8, 2)[pyarrow]
        """
        rows = self.to_arrow(table, start, stop, progress=progress)
        if not arrow_types:
            return rows.to_pandas()
        import pandas

        return rows.to_pandas(types_mapper=pandas.ArrowDtype)

    def _path(self) -> str:
        """A file with the plan, removed with this object."""
        if self._file is None or not os.path.exists(self._file.name):
            self._file = tempfile.NamedTemporaryFile(prefix="dbmocker-plan-", suffix=".json")
            self._file.write(self._text)
            self._file.flush()
        return self._file.name

    def __getstate__(self) -> dict:
        return {"text": self._text}

    def __setstate__(self, state: dict) -> None:
        Plan.__init__(self, state["text"])

    def __repr__(self) -> str:
        return "<dbmocker.Plan of %d tables, %d rows, seed %d>" % (
            len(self.tables),
            sum(t.rows for t in self.tables),
            self.seed,
        )


class Rows:
    """Some rows of a table, made each time they are read."""

    def __init__(self, plan: Plan, table: str, start: int, stop: Optional[int]) -> None:
        plan.table(table)
        self.plan, self.table, self.start, self.stop = plan, table, start, stop

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.plan.batches(self.table, self.start, self.stop).__arrow_c_stream__(requested_schema)


class _Stream:
    """A program that writes an Arrow IPC stream."""

    def __init__(self, plan: str, args: List[str]) -> None:
        command = [program(), "export", "--quiet", "--plan", plan, "--out", "-", "--format", "arrow", *args]
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._errors)

    def open(self) -> "pyarrow.RecordBatchStreamReader":
        import pyarrow

        try:
            return pyarrow.ipc.open_stream(self._process.stdout)
        except (pyarrow.ArrowException, OSError):
            self._end()
            raise
        except BaseException:
            self._process.kill()
            self._end(check_code=False)
            raise

    def batches(
        self, reader: "pyarrow.RecordBatchStreamReader", most: Optional[int], bar: Bar
    ) -> Iterator["pyarrow.RecordBatch"]:
        import pyarrow

        ended = False
        try:
            for batch in reader:
                step = most or max(batch.num_rows, 1)
                for start in range(0, max(batch.num_rows, 1), step):
                    part = batch.slice(start, step)
                    bar.add(part.num_rows)
                    yield part
            ended = True
        except (pyarrow.ArrowException, OSError):
            # A stream that is cut is the program's error, if it has one.
            self._end()
            raise
        finally:
            bar.close()
            if not ended:
                # The reader has stopped.
                self._process.kill()
            self._end(check_code=ended)

    def _end(self, check_code: bool = True) -> None:
        if self._process.stdout is not None:
            self._process.stdout.close()
        code = self._process.wait()
        if check_code:
            self._errors.seek(0)
            check(code, self._errors.read())


def plan(url: str, rows: Optional[int] = None, **options: Any) -> Plan:
    """Reads the schema of a database and plans rows for it; nothing is written to it.

    ``options`` are flags of ``dbmocker plan``: ``seed=7``, ``tables=["orders"]``, ``config="shop.yaml"``,
    ``truncate=True``. Raises :class:`DbmockerError` with the program's message.

    >>> [t.name for t in plan(URL, rows=10).tables]
    ['customers', 'orders']
    """
    with tempfile.TemporaryDirectory(prefix="dbmocker-") as folder:
        path = os.path.join(folder, "plan.json")
        run(["plan", "--quiet", "--save", path, *flags({"url": url, "rows": rows, **options})])
        return Plan.read(path)


def load(
    url: str, rows: Optional[int] = None, *, plan: Optional[Plan] = None, progress: bool = False, **options: Any
) -> dict:
    """Fills a database and gives the report as a dictionary.

    ``plan`` is one of :func:`plan`, for a database that is as it was then; ``progress`` shows a bar if tqdm is
    installed; ``options`` are flags of ``dbmocker load``. Raises :class:`DbmockerError` with the program's message.

    >>> sum(table["rows"] for table in load(URL, rows=10, truncate=True)["tables"])
    20
    """
    with tempfile.TemporaryDirectory(prefix="dbmocker-") as folder:
        path = os.path.join(folder, "report.json")
        saved = plan._path() if plan is not None else None
        args = flags({"url": url, "rows": rows, "plan": saved, **options})
        run(["load", "--quiet", "--report", path, *args], progress)
        with open(path, encoding="utf-8") as file:
            return json.load(file)


def _quoted(name: str) -> str:
    return '"%s"' % name.replace('"', '""') if "." not in name else name
