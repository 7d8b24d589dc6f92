package dbmocker.spark;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.sql.vectorized.ColumnarMap;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A column of an Arrow batch. Spark's own ArrowColumnVector makes a BigDecimal of every decimal, and has neither
 * unsigned numbers of 64 bits, which are decimals here, nor times of day, which are text.
 */
final class ArrowColumn extends ColumnVector {
    private static final DateTimeFormatter TIME_OF_DAY = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS");

    private final ArrowType arrowType;
    private final int nulls;
    // Addresses of the buffers, which belong to the reader of the stream.
    private final long validity;
    private final long data;
    private final long offsets;

    ArrowColumn(FieldVector vector, DataType type) {
        super(type);
        arrowType = vector.getField().getType();
        nulls = vector.getNullCount();
        validity = vector.getValidityBuffer().memoryAddress();
        data = vector.getDataBuffer().memoryAddress();
        offsets = vector instanceof BaseVariableWidthVector ? vector.getOffsetBuffer().memoryAddress() : 0;
    }

    static StructType schema(Schema arrow) {
        StructType schema = new StructType();
        for (Field field : arrow.getFields()) {
            schema = schema.add(field.getName(), dataType(field), field.isNullable());
        }
        return schema;
    }

    private static DataType dataType(Field field) {
        ArrowType type = field.getType();
        if (type instanceof ArrowType.Bool) {
            return DataTypes.BooleanType;
        } else if (type instanceof ArrowType.Int number && number.getIsSigned() && number.getBitWidth() == 16) {
            return DataTypes.ShortType;
        } else if (type instanceof ArrowType.Int number && number.getIsSigned() && number.getBitWidth() == 32) {
            return DataTypes.IntegerType;
        } else if (type instanceof ArrowType.Int number && number.getBitWidth() == 64) {
            return number.getIsSigned() ? DataTypes.LongType : DataTypes.createDecimalType(20, 0);
        } else if (type instanceof ArrowType.Decimal decimal
                && decimal.getBitWidth() == 128
                && decimal.getScale() >= 0) {
            return DataTypes.createDecimalType(decimal.getPrecision(), decimal.getScale());
        } else if (type instanceof ArrowType.FloatingPoint number
                && number.getPrecision() == FloatingPointPrecision.SINGLE) {
            return DataTypes.FloatType;
        } else if (type instanceof ArrowType.FloatingPoint number
                && number.getPrecision() == FloatingPointPrecision.DOUBLE) {
            return DataTypes.DoubleType;
        } else if (type instanceof ArrowType.Utf8) {
            return DataTypes.StringType;
        } else if (type instanceof ArrowType.Binary) {
            return DataTypes.BinaryType;
        } else if (type instanceof ArrowType.Date date && date.getUnit() == DateUnit.DAY) {
            return DataTypes.DateType;
        } else if (type instanceof ArrowType.Time time && time.getUnit() == TimeUnit.MICROSECOND) {
            return DataTypes.StringType;
        } else if (type instanceof ArrowType.Timestamp moment && moment.getUnit() == TimeUnit.MICROSECOND) {
            return moment.getTimezone() == null ? DataTypes.TimestampNTZType : DataTypes.TimestampType;
        }
        throw new IllegalArgumentException(
                "the column `" + field.getName() + "` has the Arrow type " + type + ", for which Spark has none");
    }

    @Override
    public void close() {
        // The buffers belong to the reader of the stream.
    }

    @Override
    public boolean hasNull() {
        return nulls > 0;
    }

    @Override
    public int numNulls() {
        return nulls;
    }

    @Override
    public boolean isNullAt(int row) {
        return nulls > 0 && !bit(validity, row);
    }

    private static boolean bit(long bits, int row) {
        return (Platform.getByte(null, bits + (row >> 3)) >> (row & 7) & 1) != 0;
    }

    @Override
    public boolean getBoolean(int row) {
        return bit(data, row);
    }

    @Override
    public byte getByte(int row) {
        throw unsupported();
    }

    @Override
    public short getShort(int row) {
        return Platform.getShort(null, data + 2L * row);
    }

    @Override
    public int getInt(int row) {
        return Platform.getInt(null, data + 4L * row);
    }

    @Override
    public long getLong(int row) {
        return Platform.getLong(null, data + 8L * row);
    }

    @Override
    public float getFloat(int row) {
        return Platform.getFloat(null, data + 4L * row);
    }

    @Override
    public double getDouble(int row) {
        return Platform.getDouble(null, data + 8L * row);
    }

    @Override
    public Decimal getDecimal(int row, int precision, int scale) {
        if (isNullAt(row)) {
            return null;
        }
        if (arrowType instanceof ArrowType.Int) {
            String digits = Long.toUnsignedString(getLong(row));
            return Decimal.apply(new BigDecimal(digits), precision, scale);
        }
        long low = Platform.getLong(null, data + 16L * row);
        if (precision <= Decimal.MAX_LONG_DIGITS()) {
            return Decimal.createUnsafe(low, precision, scale);
        }
        long high = Platform.getLong(null, data + 16L * row + 8);
        BigInteger unscaled = BigInteger.valueOf(low);
        if (high != low >> 63) {
            BigInteger unsigned = new BigInteger(Long.toUnsignedString(low));
            unscaled = BigInteger.valueOf(high).shiftLeft(64).add(unsigned);
        }
        return Decimal.apply(new BigDecimal(unscaled, scale), precision, scale);
    }

    @Override
    public UTF8String getUTF8String(int row) {
        if (isNullAt(row)) {
            return null;
        }
        if (arrowType instanceof ArrowType.Time) {
            String text = TIME_OF_DAY.format(LocalTime.ofNanoOfDay(getLong(row) * 1000));
            return UTF8String.fromBytes(text.getBytes(StandardCharsets.US_ASCII));
        }
        int start = Platform.getInt(null, offsets + 4L * row);
        int stop = Platform.getInt(null, offsets + 4L * row + 4);
        return UTF8String.fromAddress(null, data + start, stop - start);
    }

    @Override
    public byte[] getBinary(int row) {
        if (isNullAt(row)) {
            return null;
        }
        int start = Platform.getInt(null, offsets + 4L * row);
        int stop = Platform.getInt(null, offsets + 4L * row + 4);
        byte[] bytes = new byte[stop - start];
        Platform.copyMemory(null, data + start, bytes, Platform.BYTE_ARRAY_OFFSET, bytes.length);
        return bytes;
    }

    @Override
    public ColumnarArray getArray(int row) {
        throw unsupported();
    }

    @Override
    public ColumnarMap getMap(int row) {
        throw unsupported();
    }

    @Override
    public ColumnVector getChild(int ordinal) {
        throw unsupported();
    }

    private UnsupportedOperationException unsupported() {
        return new UnsupportedOperationException("no column has such a type: " + arrowType);
    }
}
