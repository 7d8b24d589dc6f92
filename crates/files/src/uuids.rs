//! UUIDs as text, for readers that do not support them as 16 bytes (Spark before 4.1, pandas).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use dbmocker_core::fast_format;
use dbmocker_generate::arrow::{SQL_TYPE_KEY, UUID_EXTENSION, extension};

/// Bytes of a UUID as text.
const TEXT: usize = 36;

/// The schema with every UUID replaced by text; the same schema if it has none.
pub fn schema_with_text(schema: &SchemaRef) -> SchemaRef {
    if !schema.fields().iter().any(|f| is_uuid(f)) {
        return schema.clone();
    }
    let text = |f: &Arc<Field>| match is_uuid(f) {
        false => f.clone(),
        true => {
            let sql_type = f.metadata().get(SQL_TYPE_KEY).cloned().unwrap_or_default();
            let text = Field::new(f.name(), DataType::Utf8, f.is_nullable());
            Arc::new(text.with_metadata([(SQL_TYPE_KEY, sql_type)]))
        }
    };
    let fields: Vec<Arc<Field>> = schema.fields().iter().map(text).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// The batch in the schema that [`schema_with_text`] gave for its own.
///
/// # Panics
/// `schema` is that of another batch.
pub fn with_text(batch: RecordBatch, schema: &SchemaRef) -> RecordBatch {
    if !batch.schema_ref().fields().iter().any(|f| is_uuid(f)) {
        return batch;
    }
    let fields = batch.schema_ref().fields().iter();
    let text = |(array, field): (&ArrayRef, &Arc<Field>)| if is_uuid(field) { texts(array) } else { array.clone() };
    let columns = batch.columns().iter().zip(fields).map(text).collect();
    RecordBatch::try_new(schema.clone(), columns).expect("each column has the type of its field")
}

fn is_uuid(field: &Field) -> bool {
    *field.data_type() == DataType::FixedSizeBinary(16) && extension(field) == Some(UUID_EXTENSION)
}

fn texts(array: &ArrayRef) -> ArrayRef {
    let uuids = array.as_fixed_size_binary();
    let mut out = StringBuilder::with_capacity(uuids.len(), uuids.len() * TEXT);
    for i in 0..uuids.len() {
        match uuids.is_valid(i) {
            false => out.append_null(),
            true => {
                let bytes = uuids.value(i).try_into().expect("a UUID has 16 bytes");
                out.append_value(String::from_utf8_lossy(&fast_format::uuid(bytes)));
            }
        }
    }
    Arc::new(out.finish())
}
