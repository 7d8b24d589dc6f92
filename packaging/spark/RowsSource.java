package dbmocker.spark;

import java.util.Map;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * {@code spark.read.format("dbmocker-jvm")}: rows of a saved plan, made by the executors.
 *
 * <p>Options: {@code plan} (a file on the driver; it is sent with the job), {@code table}, {@code partitions} (ranges
 * of rows; default: one for each 1,000,000 rows, at least one), {@code program} (see {@link Program}).
 */
public final class RowsSource implements TableProvider, DataSourceRegister {
    @Override
    public String shortName() {
        return "dbmocker-jvm";
    }

    @Override
    public StructType inferSchema(CaseInsensitiveStringMap options) {
        return new PlannedTable(options).inferSchema();
    }

    @Override
    public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> options) {
        return new RowsTable(new PlannedTable(new CaseInsensitiveStringMap(options)), schema);
    }
}
