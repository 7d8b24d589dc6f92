package dbmocker.spark;

import java.io.IOException;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/** The batches of a running program. */
final class BatchReader implements PartitionReader<ColumnarBatch> {
    private final Program program;
    private final StructType schema;
    private final RowRange rows;
    private long read;
    private ColumnarBatch batch;

    BatchReader(Program program, StructType schema, RowRange rows) {
        this.program = program;
        this.schema = schema;
        this.rows = rows;
    }

    @Override
    public boolean next() throws IOException {
        VectorSchemaRoot loaded = program.next();
        if (loaded == null) {
            if (read != rows.stop() - rows.start()) {
                throw new IOException("the program made " + read + " rows of " + rows);
            }
            return false;
        }
        read += loaded.getRowCount();
        ColumnVector[] columns = new ColumnVector[schema.length()];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = new ArrowColumn(loaded.getVector(i), schema.apply(i).dataType());
        }
        batch = new ColumnarBatch(columns, loaded.getRowCount());
        return true;
    }

    @Override
    public ColumnarBatch get() {
        return batch;
    }

    @Override
    public void close() throws IOException {
        program.close();
    }
}
