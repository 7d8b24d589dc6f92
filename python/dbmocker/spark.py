"""A Spark 4 data source: rows of a saved plan, made by the executors.

>>> from dbmocker.spark import DataSource                                            # doctest: +SKIP
>>> spark.dataSource.register(DataSource)                                            # doctest: +SKIP
>>> orders = (spark.read.format("dbmocker").option("plan", "plan.json")
...                .option("table", "orders").option("partitions", "32").load())     # doctest: +SKIP

Options: ``plan`` (a file on the driver; it is sent with the job), ``table``, ``partitions`` (ranges of rows; default: one
for each 1,000,000 rows, at least one). Executors need this package's wheel and pyarrow, and no database. All columns are
generated: Spark 4.0 does not tell a Python data source which ones a query reads.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List

from pyspark.sql.datasource import DataSource as _DataSource
from pyspark.sql.datasource import DataSourceReader, InputPartition
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from ._plan import Plan

__all__ = ["DataSource"]

ROWS_OF_PARTITION = 1_000_000


class DataSource(_DataSource):
    """``spark.read.format("dbmocker")``; see the module."""

    def __init__(self, options: Dict[str, str]) -> None:
        super().__init__(options)
        for name in ("plan", "table"):
            if name not in options:
                raise ValueError('the option "%s" is missing' % name)
        self._plan = Plan.read(options["plan"])
        self._table = self._plan.table(options["table"])

    @classmethod
    def name(cls) -> str:
        return "dbmocker"

    def schema(self) -> StructType:
        # Timestamps without a zone stay without one, whatever the session's time zone is.
        return from_arrow_schema(_plain(_schema(self._plan, self._table.name)), prefer_timestamp_ntz=True)

    def reader(self, schema: StructType) -> "_Reader":
        default = max(1, -(-self._table.rows // ROWS_OF_PARTITION))
        return _Reader(self._plan, self._table.name, int(self.options.get("partitions", default)))


class _Part(InputPartition):
    """A range of rows."""

    def __init__(self, start: int, stop: int) -> None:
        super().__init__((start, stop))
        self.start, self.stop = start, stop


class _Reader(DataSourceReader):
    def __init__(self, plan: Plan, table: str, partitions: int) -> None:
        if partitions < 1:
            raise ValueError('the option "partitions" must be 1 or more')
        self._plan, self._table, self._partitions = plan, table, partitions

    def partitions(self) -> List[InputPartition]:
        rows = self._plan.table(self._table).rows
        cuts = [rows * i // self._partitions for i in range(self._partitions + 1)]
        return [_Part(start, stop) for start, stop in zip(cuts, cuts[1:])]

    def read(self, partition: InputPartition) -> Iterator[Any]:
        assert isinstance(partition, _Part)
        if partition.start == partition.stop:
            return
        # Spark runs one task for each core.
        rows = self._plan.batches(self._table, partition.start, partition.stop, uuids="text", workers=1)
        for batch in rows:
            yield _plain_batch(batch)


def _schema(plan: Plan, table: str) -> Any:
    return plan.batches(table, 0, 0, uuids="text", workers=1).read_all().schema


def _plain(schema: Any) -> Any:
    """Unsigned numbers as decimals and times of day as text: Spark has neither."""
    import pyarrow

    def plain(field: Any) -> Any:
        if pyarrow.types.is_uint64(field.type):
            return pyarrow.field(field.name, pyarrow.decimal128(20, 0), field.nullable)
        if pyarrow.types.is_time(field.type):
            return pyarrow.field(field.name, pyarrow.string(), field.nullable)
        # Of an extension type, the type that it is stored as.
        return pyarrow.field(field.name, getattr(field.type, "storage_type", field.type), field.nullable)

    return pyarrow.schema([plain(field) for field in schema])


def _plain_batch(batch: Any) -> Any:
    import pyarrow

    schema = _plain(batch.schema)
    if schema.equals(batch.schema):
        return batch
    stored = (getattr(array, "storage", array) for array in batch.columns)
    arrays = [array if array.type == field.type else array.cast(field.type) for array, field in zip(stored, schema)]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)
