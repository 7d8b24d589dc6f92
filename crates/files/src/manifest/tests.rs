use proptest::prelude::*;

use super::*;
use crate::{BatchSink, CsvOptions, CsvSink};
use dbmocker_core::value::Value;
use dbmocker_generate::testdata;
use dbmocker_generate::testdata::batch;

/// A folder with one table of two rows in two files, and its manifest.
fn export(folder: &Path) -> Manifest {
    let schema = testdata::schema();
    let mut files = Vec::new();
    for n in 1..=2 {
        let name = super::super::file_name("t", Some(n), FileType::Csv);
        let file = OutFile::create(folder, &name, FileOptions::default()).unwrap();
        let mut sink = Box::new(CsvSink::new(file, schema.clone(), CsvOptions::default()).unwrap());
        sink.write(&batch(&schema, &[vec![Value::Null; 17]])).unwrap();
        files.push(sink.finish().unwrap());
    }
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        algorithm_version: ALGORITHM_VERSION,
        generator: Manifest::generator(),
        seed: u64::MAX,
        now: "2025-01-01 00:00:00".to_owned(),
        dialect: Dialect::Postgres,
        format: Some(FileType::Csv),
        compression: None,
        csv: None,
        packing: None,
        slice: Slice::Whole,
        tables: vec![TableEntry {
            name: "t".to_owned(),
            schema: "public".to_owned(),
            label: "t".to_owned(),
            rows: 2,
            columns: schema.fields().iter().map(|f| ColumnEntry::of(f)).collect(),
            files,
            limited_by: Some("UNIQUE (flag) has room for 2 rows".to_owned()),
        }],
        plan_xxh3_128: None,
        plan: serde_json::from_str(r#"{"zebra":1,"ant":[true]}"#).unwrap(),
    };
    manifest.write(folder, false).unwrap();
    manifest
}

/// Reads the manifest after `change` was applied to its text.
fn read_changed(change: impl Fn(String) -> String) -> Result<Manifest, ManifestError> {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path());
    let path = folder.path().join(FILE_NAME);
    fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
    Manifest::read(folder.path())
}

#[test]
fn what_was_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = export(folder.path());
    let read = Manifest::read(folder.path()).unwrap();
    assert_eq!(read, manifest);
    assert_eq!(read.tables[0].arrow_schema().unwrap(), testdata::schema());
    let mut seen = 0;
    read.verify_files(folder.path(), &mut |n| seen += n).unwrap();
    assert_eq!(seen, read.bytes());

    let first = fs::read(folder.path().join(FILE_NAME)).unwrap();
    assert!(matches!(manifest.write(folder.path(), false), Err(StageError::Exists { .. })));
    read.write(folder.path(), true).unwrap();
    assert_eq!(fs::read(folder.path().join(FILE_NAME)).unwrap(), first, "the order of keys is stable");
}

#[test]
fn a_manifest_that_cannot_be_trusted_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Manifest::read(folder.path()).unwrap_err();
    assert!(missing.to_string().contains("has no manifest.json: is it a folder that `dbmocker export` finished?"));

    let swap = |from: &'static str, to: &'static str| read_changed(move |s| s.replacen(from, to, 1)).unwrap_err();
    let cut = read_changed(|s| s[..s.len() / 2].to_owned()).unwrap_err();
    assert!(matches!(cut, ManifestError::Damaged { line: 2.., .. }), "{cut}");
    let wrong_type = swap("\"rows\": 2", "\"rows\": \"two\"");
    assert!(
        matches!(&wrong_type, ManifestError::Damaged { line: 2.., message, .. } if !message.contains("line")),
        "{wrong_type}"
    );
    let no_seed = read_changed(|s| s.replace("\"seed\"", "\"sead\"")).unwrap_err();
    assert!(no_seed.to_string().contains("missing field `seed`"), "{no_seed}");

    assert!(matches!(swap("\"dbmocker ", "\"other "), ManifestError::Foreign { .. }));
    assert!(matches!(read_changed(|_| "[1, 2]".to_owned()).unwrap_err(), ManifestError::Foreign { .. }));
    assert!(matches!(read_changed(|_| "{}".to_owned()).unwrap_err(), ManifestError::Foreign { .. }));
    let future =
        read_changed(|s| s.replace("\"format_version\": 1", "\"format_version\": 9").replace("\"seed\"", "\"s\""));
    assert!(matches!(future.unwrap_err(), ManifestError::Future { found: 9, .. }));

    for outside in ["../t.csv", "/etc/passwd", "a/../../t.csv", "", ".", "a\\\\b"] {
        let error = read_changed(|s| s.replacen("t.00001.csv", outside, 1)).unwrap_err();
        assert!(matches!(error, ManifestError::Escapes { .. }), "{outside}: {error}");
    }
    assert!(matches!(swap("t.00001.csv", "t.00002.csv"), ManifestError::Duplicate { what: "the file", .. }));
    assert!(matches!(
        swap("\"name\": \"small\"", "\"name\": \"plain\""),
        ManifestError::Duplicate { what: "the column", .. }
    ));
    assert!(matches!(swap("\"rows\": 2", "\"rows\": 3"), ManifestError::Rows { rows: 3, in_files: 2, .. }));
    assert!(matches!(swap("\"Int16\"", "\"Int17\""), ManifestError::Type { .. }));
    let nested = format!("\"{}Int16{}\"", "List(".repeat(50_000), ")".repeat(50_000));
    let error = read_changed(move |s| s.replacen("\"Int16\"", &nested, 1)).unwrap_err();
    assert!(matches!(&error, ManifestError::Type { arrow, .. } if arrow.len() < 100));

    let mut twice = export(folder.path());
    twice.tables.push(TableEntry { files: Vec::new(), rows: 0, ..twice.tables[0].clone() });
    twice.write(folder.path(), true).unwrap();
    assert!(matches!(Manifest::read(folder.path()), Err(ManifestError::Duplicate { what: "the table", .. })));
}

#[test]
fn data_files_that_are_not_as_listed_are_named() {
    let check = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        let manifest = export(folder.path());
        change(&folder.path().join("t.00002.csv"));
        let error = manifest.verify_files(folder.path(), &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains("t.00002.csv"), "{error}");
        error
    };
    assert!(matches!(check(&|p| fs::remove_file(p).unwrap()), ManifestError::FileMissing { .. }));
    let shorter = check(&|p| fs::File::options().write(true).open(p).unwrap().set_len(10).unwrap());
    assert!(matches!(shorter, ManifestError::Size { found: 10, .. }));
    let changed = check(&|p| fs::write(p, fs::read_to_string(p).unwrap().replace("flag", "flog")).unwrap());
    assert!(matches!(changed, ManifestError::Checksum { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any change of the text gives an error or a manifest, never a panic and never a path outside of the folder.
    #[test]
    fn damage_is_survived(at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 0..4), drop in 0usize..4) {
        let folder = tempfile::tempdir().unwrap();
        export(folder.path());
        let path = folder.path().join(FILE_NAME);
        let mut text = fs::read(&path).unwrap();
        let from = at.index(text.len());
        text.splice(from..(from + drop).min(text.len()), with);
        fs::write(&path, text).unwrap();
        if let Ok(manifest) = Manifest::read(folder.path()) {
            let _ = manifest.verify_files(folder.path(), &mut |_| {});
            prop_assert!(manifest.tables.iter().flat_map(|t| &t.files).all(|f| is_inside(&f.path)));
        }
    }
}
