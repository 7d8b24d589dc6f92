package dbmocker.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** A table of the plan that the options name, with the number of its rows. */
final class PlannedTable {
    private static final long ROWS_OF_PARTITION = 1_000_000;

    private final byte[] plan;
    private final String name;
    private final String program;
    private final long rows;
    private final long partitions;

    PlannedTable(CaseInsensitiveStringMap options) {
        String path = required(options, "plan");
        name = required(options, "table");
        program = options.get("program");
        try {
            plan = Files.readAllBytes(Path.of(path));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the plan `" + path + "`", e);
        }
        rows = rowsOf(name, plan, path);
        partitions = options.getLong("partitions", Math.max(1, (rows + ROWS_OF_PARTITION - 1) / ROWS_OF_PARTITION));
        if (partitions < 1 || partitions > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("the option \"partitions\" must be 1 or more");
        }
    }

    private static String required(CaseInsensitiveStringMap options, String name) {
        String value = options.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the option \"" + name + "\" is missing");
        }
        return value;
    }

    private static long rowsOf(String table, byte[] plan, String path) {
        JsonNode told;
        try {
            told = new ObjectMapper().readTree(plan);
        } catch (IOException e) {
            throw new IllegalArgumentException("`" + path + "` is damaged: " + e.getMessage(), e);
        }
        if (!told.path("generator").asText().startsWith("dbmocker ")) {
            throw new IllegalArgumentException("`" + path + "` is not a plan that `dbmocker plan --save` wrote");
        }
        List<String> names = new ArrayList<>();
        for (JsonNode each : told.path("tables")) {
            names.add(each.path("label").asText());
            if (names.get(names.size() - 1).equals(table)) {
                return each.path("rows").asLong();
            }
        }
        throw new IllegalArgumentException("no table `" + table + "`; the plan has " + String.join(", ", names));
    }

    String name() {
        return name;
    }

    long rows() {
        return rows;
    }

    /** The first rows of all rows, in as many ranges as the options ask for if they are all rows. */
    List<RowRange> ranges(long first) {
        List<RowRange> ranges = new ArrayList<>();
        for (long i = 0; i < partitions; i++) {
            long start = cut(i);
            long stop = Math.min(cut(i + 1), first);
            if (start < stop || first == rows) {
                ranges.add(new RowRange(start, stop));
            }
        }
        return ranges;
    }

    private long cut(long i) {
        return (rows / partitions) * i + (rows % partitions) * i / partitions;
    }

    BatchReaderFactory readers(StructType schema, boolean allColumns) {
        return new BatchReaderFactory(plan, name, program, schema, allColumns);
    }

    /** Asks the program, which also checks the plan. */
    StructType inferSchema() {
        RowRange few = new RowRange(0, Math.min(rows, 1));
        try (Program running = Program.start(program, plan, name, few, List.of(), 1)) {
            StructType schema = ArrowColumn.schema(running.schema());
            running.readToEnd();
            return schema;
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }
}
