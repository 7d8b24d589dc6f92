use super::*;
use crate::testdata::column as target;
use dbmocker_core::schema::{Auto, Generated};
use dbmocker_generate::arrow::field;

fn text(max_chars: Option<u32>) -> SqlType {
    SqlType::Text { max_chars, max_bytes: None, fixed: false, case_insensitive: false }
}

fn int(bytes: u8, unsigned: bool) -> SqlType {
    SqlType::Int { bytes, unsigned, tinyint1: false }
}

fn timestamp(tz: bool) -> SqlType {
    SqlType::Timestamp { precision: 6, tz, epoch_range: false }
}

fn exported(columns: &[Column]) -> TableEntry {
    TableEntry {
        name: "t".to_owned(),
        schema: "s".to_owned(),
        label: "t".to_owned(),
        rows: 0,
        columns: columns.iter().map(|c| ColumnEntry::of(&field(c, None))).collect(),
        files: Vec::new(),
        limited_by: None,
    }
}

fn between(from: (SqlType, &str), to: (SqlType, &str)) -> Vec<Difference> {
    compare(&exported(&[target("c", from.0, from.1)]), &[target("c", to.0, to.1)])
}

#[test]
fn the_same_table_has_no_differences() {
    let columns = crate::testdata::columns();
    assert_eq!(compare(&exported(&columns), &columns), []);
}

#[test]
fn another_servers_spelling_is_no_difference() {
    let decimal = |precision, scale| SqlType::Decimal { precision, scale, unsigned: false };
    let same = [
        ((SqlType::Uuid, "uuid"), (text(Some(36)), "char(36)")),
        ((SqlType::Json { binary: true }, "jsonb"), (text(None), "longtext")),
        ((timestamp(true), "timestamp with time zone"), (timestamp(false), "datetime(6)")),
        ((text(Some(24)), "character varying(24)"), (text(Some(24)), "varchar(24)")),
        ((text(Some(24)), "varchar(24)"), (text(None), "TEXT")),
        ((SqlType::Bool, "boolean"), (SqlType::Int { bytes: 1, unsigned: false, tinyint1: true }, "tinyint(1)")),
        ((int(4, false), "integer"), (int(8, false), "bigint")),
        ((int(4, true), "int(10) unsigned"), (int(8, false), "bigint")),
        ((decimal(10, 2), "numeric(10,2)"), (decimal(12, 2), "decimal(12,2)")),
        ((SqlType::Date, "date"), (SqlType::Untyped, "")),
    ];
    for (from, to) in same {
        let label = format!("{} -> {}", from.1, to.1);
        assert_eq!(between(from, to), [], "{label}");
    }
}

#[test]
fn what_may_be_refused_is_said_and_what_cannot_work_is_fatal() {
    let warned = [
        ((text(None), "text"), (text(Some(10)), "varchar(10)")),
        ((text(Some(24)), "varchar(24)"), (text(Some(10)), "varchar(10)")),
        ((int(8, false), "bigint"), (int(4, false), "integer")),
        ((int(4, false), "integer"), (int(4, true), "int unsigned")),
        ((int(8, true), "bigint unsigned"), (int(8, false), "bigint")),
        ((text(None), "text"), (SqlType::Uuid, "uuid")),
    ];
    for (from, to) in warned {
        let label = format!("{} -> {}", from.1, to.1);
        let found = between(from, to);
        assert!(matches!(found.as_slice(), [d @ Difference::Narrower { .. }] if !d.is_fatal()), "{label}: {found:?}");
    }
    let fatal = [
        ((text(None), "text"), (int(4, false), "integer")),
        ((SqlType::Date, "date"), (int(4, false), "integer")),
        ((SqlType::Binary { max_bytes: None, fixed: false }, "bytea"), (text(None), "text")),
    ];
    for (from, to) in fatal {
        let label = format!("{} -> {}", from.1, to.1);
        let found = between(from, to);
        assert!(found.len() == 1 && found[0].is_fatal(), "{label}: {found:?}");
    }
}

#[test]
fn columns_that_only_one_side_has() {
    let plain = |name: &str| target(name, int(4, false), "integer");
    let mut required = plain("required");
    required.nullable = false;
    let mut numbered = required.clone();
    numbered.name = "numbered".to_owned();
    numbered.auto = Some(Auto::AutoIncrement);
    let mut computed = plain("computed");
    computed.generated = Some(Generated { expression: "1".to_owned(), stored: true });
    let table = [plain("both"), required, numbered, computed.clone()];
    let found = compare(&exported(&[plain("both"), plain("gone"), computed]), &table);
    let said: Vec<(String, bool)> = found.iter().map(|d| (d.to_string(), d.is_fatal())).collect();
    assert_eq!(
        said,
        [
            ("column `gone` is exported, but the table has none".to_owned(), true),
            ("column `computed` is exported, but the server computes it here".to_owned(), true),
            ("column `required` is NOT NULL without a default, but was not exported".to_owned(), true),
            ("column `numbered` was not exported and is left to its default".to_owned(), false),
        ]
    );
}

#[test]
fn case_counts_only_where_it_must() {
    let plain = |name: &str| target(name, int(4, false), "integer");
    assert_eq!(compare(&exported(&[plain("UserId")]), &[plain("userid")]), []);
    let both = [plain("userid"), plain("USERID")];
    assert_eq!(compare(&exported(&[plain("USERID"), plain("userid")]), &both), []);
    assert!(matches!(
        compare(&exported(&[plain("UserId")]), &both).as_slice(),
        [Difference::MissingInTarget { .. }, ..]
    ));
}
