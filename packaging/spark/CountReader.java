package dbmocker.spark;

import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/** Rows without columns, as {@code count(*)} needs them: none are generated. */
final class CountReader implements PartitionReader<ColumnarBatch> {
    private static final int BATCH_ROWS = 1 << 20;

    private final ColumnarBatch batch = new ColumnarBatch(new ColumnVector[0]);
    private long left;

    CountReader(long rows) {
        left = rows;
    }

    @Override
    public boolean next() {
        int rows = (int) Math.min(left, BATCH_ROWS);
        left -= rows;
        batch.setNumRows(rows);
        return rows > 0;
    }

    @Override
    public ColumnarBatch get() {
        return batch;
    }

    @Override
    public void close() {
        batch.close();
    }
}
