//! The manifest of an export.

use arrow::datatypes::SchemaRef;

use super::ExportOptions;
use dbmocker_files::manifest::{ColumnEntry, FORMAT_VERSION, Manifest, PlanText, TableEntry, plan_checksum};
use dbmocker_files::{CsvOptions, FilePart, FileType, Slice, uuids};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Plan, TablePlan};

pub(super) fn manifest(
    plan: &Plan,
    generator: &Generator,
    options: &ExportOptions,
    files: Vec<Vec<FilePart>>,
) -> Manifest {
    let mut manifest = manifest_of(plan, generator);
    manifest.format = Some(options.format);
    manifest.compression = (options.format == FileType::Parquet).then_some(options.parquet.compression);
    manifest.csv =
        (options.format == FileType::Csv && options.csv != CsvOptions::default()).then(|| options.csv.clone());
    manifest.packing = options.packing;
    if options.uuid_text {
        for (t, table) in manifest.tables.iter_mut().enumerate() {
            table.columns = columns(&uuids::schema_with_text(&generator.table(t).schema));
        }
    }
    manifest.slice = options.slice.clone();
    let all = std::mem::take(&mut manifest.tables);
    let chosen = all.into_iter().enumerate().filter(|(t, _)| options.tables.contains(t)).map(|(_, table)| table);
    manifest.tables = chosen.zip(files).map(|(table, files)| TableEntry { files, ..table }).collect();
    manifest
}

fn columns(schema: &SchemaRef) -> Vec<ColumnEntry> {
    schema.fields().iter().map(|f| ColumnEntry::of(f)).collect()
}

/// The manifest of a plan's rows, without files.
pub fn manifest_of(plan: &Plan, generator: &Generator) -> Manifest {
    let text = plan.to_json();
    let entry = |(t, p): (usize, &TablePlan)| TableEntry {
        name: p.name.name.clone(),
        schema: p.name.schema.clone(),
        label: p.label.clone(),
        rows: p.rows,
        columns: columns(&generator.table(t).schema),
        files: Vec::new(),
        limited_by: p.limited_by.clone(),
    };
    Manifest {
        format_version: FORMAT_VERSION,
        algorithm_version: plan.algorithm_version,
        generator: Manifest::generator(),
        seed: plan.seed,
        now: dbmocker_core::time::timestamp_text(plan.now),
        dialect: plan.dialect,
        format: None,
        compression: None,
        csv: None,
        packing: None,
        slice: Slice::Whole,
        tables: plan.tables.iter().enumerate().map(entry).collect(),
        plan_xxh3_128: Some(plan_checksum(&text)),
        plan: PlanText::of(text),
    }
}
