package dbmocker.spark;

import org.apache.spark.sql.connector.read.InputPartition;

/** Rows {@code start} to {@code stop}, without it. */
record RowRange(long start, long stop) implements InputPartition {}
