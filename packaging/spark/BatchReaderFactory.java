package dbmocker.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/** What the tasks of a job share: Spark sends it to each executor once for each stage. */
final class BatchReaderFactory implements PartitionReaderFactory {
    private static final long serialVersionUID = 1;

    private final byte[] plan;
    private final String table;
    private final String program;
    private final StructType schema;
    private final boolean allColumns;

    BatchReaderFactory(byte[] plan, String table, String program, StructType schema, boolean allColumns) {
        this.plan = plan;
        this.table = table;
        this.program = program;
        this.schema = schema;
        this.allColumns = allColumns;
    }

    @Override
    public boolean supportColumnarReads(InputPartition partition) {
        return true;
    }

    @Override
    public PartitionReader<InternalRow> createReader(InputPartition partition) {
        throw new UnsupportedOperationException("rows are read in batches");
    }

    @Override
    public PartitionReader<ColumnarBatch> createColumnarReader(InputPartition partition) {
        RowRange rows = (RowRange) partition;
        if (schema.isEmpty() || rows.start() == rows.stop()) {
            return new CountReader(rows.stop() - rows.start());
        }
        List<String> columns = allColumns ? List.of() : List.of(schema.fieldNames());
        TaskContext task = TaskContext.get();
        try {
            Program running = Program.start(program, plan, table, rows, columns, task == null ? 1 : task.cpus());
            return new BatchReader(running, schema, rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }
}
