package dbmocker.spark;

import java.util.EnumSet;
import java.util.Set;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** A table of a plan, as Spark sees it. */
final class RowsTable implements SupportsRead {
    private final PlannedTable planned;
    private final StructType schema;

    RowsTable(PlannedTable planned, StructType schema) {
        this.planned = planned;
        this.schema = schema;
    }

    @Override
    public String name() {
        return "dbmocker " + planned.name();
    }

    // Spark still calls this one; its successor, columns(), converts it.
    @Override
    @SuppressWarnings("deprecation")
    public StructType schema() {
        return schema;
    }

    @Override
    public Set<TableCapability> capabilities() {
        return EnumSet.of(TableCapability.BATCH_READ);
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
        return new RowsScan(planned, schema);
    }
}
