package dbmocker.spark;

import java.util.OptionalLong;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.Statistics;
import org.apache.spark.sql.connector.read.SupportsPushDownLimit;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.connector.read.SupportsReportStatistics;
import org.apache.spark.sql.types.StructType;

/** The columns and rows that a query reads. */
final class RowsScan
        implements SupportsPushDownRequiredColumns, SupportsPushDownLimit, SupportsReportStatistics, Batch {
    private final PlannedTable planned;
    private final StructType all;
    private StructType required;
    /** The first rows, as many as are read. */
    private long rows;

    RowsScan(PlannedTable planned, StructType schema) {
        this.planned = planned;
        all = schema;
        required = schema;
        rows = planned.rows();
    }

    @Override
    public void pruneColumns(StructType columns) {
        required = columns;
    }

    @Override
    public boolean pushLimit(int limit) {
        rows = Math.min(rows, limit);
        return true;
    }

    @Override
    public boolean isPartiallyPushed() {
        return false;
    }

    @Override
    public Scan build() {
        return this;
    }

    @Override
    public StructType readSchema() {
        return required;
    }

    @Override
    public String description() {
        return "dbmocker " + planned.name() + ", " + rows + " rows, " + required.simpleString();
    }

    @Override
    public Statistics estimateStatistics() {
        return new Statistics() {
            @Override
            public OptionalLong sizeInBytes() {
                double bytes = (double) rows * (8 + required.defaultSize());
                return OptionalLong.of((long) bytes);
            }

            @Override
            public OptionalLong numRows() {
                return OptionalLong.of(rows);
            }
        };
    }

    @Override
    public Batch toBatch() {
        return this;
    }

    @Override
    public InputPartition[] planInputPartitions() {
        return planned.ranges(rows).toArray(new InputPartition[0]);
    }

    @Override
    public PartitionReaderFactory createReaderFactory() {
        return planned.readers(required, required.equals(all));
    }
}
