package dbmocker.spark;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.apache.spark.sql.util.ArrowUtils;

/**
 * A running {@code dbmocker export}, which takes the plan on stdin and writes an Arrow stream to stdout.
 *
 * <p>The program is the one that the option {@code program} or the variable DBMOCKER_BIN of the executor names, a file
 * {@code dbmocker} that was sent with the job ({@code --files}), the one of the wheel in the executors' Python
 * (PYSPARK_PYTHON), or that of the PATH.
 */
final class Program implements Closeable {
    private static final String NAME = File.separatorChar == '\\' ? "dbmocker.exe" : "dbmocker";

    private static final long PATIENCE_SECONDS = 20;

    private final Process process;
    private final Thread errorsReader;
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final BufferAllocator allocator;
    private final ArrowStreamReader reader;

    /** @param columns those to generate; all, if there are none */
    static Program start(
            String named, byte[] plan, String table, RowRange rows, List<String> columns, int workers)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                find(named), "export", "--quiet", "--plan", "-", "--out", "-", "--format", "arrow",
                "--uuids", "text", "--workers", Integer.toString(workers)));
        if (rows.start() < rows.stop()) {
            command.addAll(List.of("--rows-range", table + ":" + rows.start() + ".." + rows.stop()));
        } else {
            // A table without rows.
            command.addAll(List.of("--tables", table.contains(".") ? table : '"' + table.replace("\"", "\"\"") + '"'));
        }
        columns.forEach(column -> command.add("--column=" + column));
        Program program = new Program(run(command), table);
        try {
            program.send(plan);
            return program;
        } catch (IOException | RuntimeException e) {
            program.close();
            throw e;
        }
    }

    private static Process run(List<String> command) throws IOException {
        // From Java 18 on the default charset is UTF-8, and arguments are passed in that of the locale (JEP 400).
        boolean byLocale = Runtime.version().feature() >= 18;
        Charset charset = byLocale ? Charset.forName(System.getProperty("sun.jnu.encoding")) : Charset.defaultCharset();
        boolean windows = System.getProperty("os.name").startsWith("Windows");
        for (String argument : command) {
            if (!windows && !charset.newEncoder().canEncode(argument)) {
                String remedy = byLocale
                        ? "set LC_ALL to C.UTF-8 for executors and driver (spark.executorEnv.LC_ALL)"
                        : "set spark.executor.extraJavaOptions and spark.driver.extraJavaOptions to -Dfile.encoding=UTF-8";
                throw new IOException("the executor's Java passes arguments in " + charset + ", which has no form of `"
                        + argument + "`; " + remedy);
            }
        }
        try {
            return new ProcessBuilder(command).start();
        } catch (IOException e) {
            String hint = "; send the program with --files, or name it by the option `program`";
            throw new IOException(e.getMessage() + hint, e);
        }
    }

    private static String find(String named) {
        List<String> places = new ArrayList<>();
        if (named != null) {
            return named;
        }
        String set = System.getenv("DBMOCKER_BIN");
        if (set != null && !set.isEmpty()) {
            return set;
        }
        if (SparkEnv.get() != null) {
            places.add(SparkFiles.getRootDirectory());
        }
        String python = System.getenv("PYSPARK_PYTHON");
        if (python != null && new File(python).getParent() != null) {
            places.add(new File(python).getParent());
        }
        for (String place : places) {
            File file = new File(place, NAME);
            if (file.canExecute() && file.isFile()) {
                return file.getAbsolutePath();
            }
        }
        return NAME;
    }

    private Program(Process process, String table) {
        this.process = process;
        errorsReader = new Thread(this::readErrors, "dbmocker errors of " + table);
        errorsReader.setDaemon(true);
        errorsReader.start();
        allocator = ArrowUtils.rootAllocator().newChildAllocator("dbmocker " + table, 0, Long.MAX_VALUE);
        reader = new ArrowStreamReader(new Output(process.getInputStream()), allocator);
    }

    private void readErrors() {
        try {
            process.getErrorStream().transferTo(errors);
        } catch (IOException e) {
            // The process was killed.
        }
    }

    /** The program reads all of the plan before it writes rows. */
    private void send(byte[] plan) throws IOException {
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(plan);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    Schema schema() throws IOException {
        try {
            return reader.getVectorSchemaRoot().getSchema();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** The next batch, whose memory is reused by the one after it; null after the last. */
    VectorSchemaRoot next() throws IOException {
        try {
            if (reader.loadNextBatch()) {
                return reader.getVectorSchemaRoot();
            }
        } catch (IOException e) {
            throw failure(e);
        }
        IOException failed = failure(null);
        if (failed != null) {
            throw failed;
        }
        return null;
    }

    void readToEnd() throws IOException {
        while (next() != null) {
            // Its rows are not needed.
        }
    }

    /** The program's error, if it has one; otherwise {@code other}. */
    private IOException failure(IOException other) throws IOException {
        try {
            process.getInputStream().close();
            // It ends at the next write to the closed pipe, unless it hangs.
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            int code = process.waitFor();
            errorsReader.join();
            if (code == 0) {
                return other;
            }
            String text = errors.toString(StandardCharsets.UTF_8).strip();
            int at = text.lastIndexOf("error: ");
            text = at < 0 ? text : text.substring(at + "error: ".length());
            return new IOException("dbmocker (exit code " + code + "): " + text, other);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            return new IOException("interrupted", e);
        }
    }

    /** Kills the program if it still runs. */
    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try (allocator) {
            // Does not read what is left of the stream.
            reader.close(false);
        } finally {
            process.getInputStream().close();
        }
    }

    /** Large reads of a pipe; {@code Channels.newChannel} makes small ones. */
    private static final class Output implements ReadableByteChannel {
        private final InputStream in;
        private final byte[] buffer = new byte[1 << 16];
        private boolean open = true;

        Output(InputStream in) {
            this.in = in;
        }

        @Override
        public int read(ByteBuffer to) throws IOException {
            int read = in.read(buffer, 0, Math.min(buffer.length, to.remaining()));
            if (read > 0) {
                to.put(buffer, 0, read);
            }
            return read;
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close() throws IOException {
            open = false;
            in.close();
        }
    }
}
