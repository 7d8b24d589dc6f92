//! The tables of keys in `docs/config.md`, made from the list of keys.

use crate::cli::file::keys::{
    COLUMN, COUNT, DISTRIBUTION, FILE, GENERATION, GROUP, Key, Kind, REFERENCE, RULE, TABLE, VALUE_FILE,
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/config.md");
const BEGIN: &str = "<!-- keys -->\n";
const END: &str = "<!-- end of keys -->\n";

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Count => "whole number",
        Kind::Flag => "true or false",
        Kind::CompositeKey => "0 to 1",
        Kind::Number => "number",
        Kind::Scalar => "value",
        Kind::Scalars => "list of values",
        Kind::Weights => "values with weights",
        Kind::Text => "text",
        Kind::Generator => "name of a generator",
        Kind::Mode => "name of a mode",
        Kind::CountShape => "name of a law",
        Kind::Rows => "list of rows",
        Kind::Rules => "list of rules",
        Kind::Groups => "list of groups",
        Kind::ValueFile => "file, or mapping",
        Kind::References => "list of references",
        Kind::Targets => "column, or columns by value",
        Kind::Distribution => "name of a law, or law with its numbers",
        Kind::Buckets => "list of `{to, share}`",
        Kind::RowCount => "number, multiple or mapping",
        Kind::Section(_) => "mapping",
        Kind::Named(_) => "mapping by name",
    }
}

fn section(title: &str, keys: &[Key]) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let example = |k: &Key| if k.example.is_empty() { String::new() } else { format!("`{}`", cell(k.example)) };
    let line = |k: &Key| format!("| `{}` | {} | {} | {} |\n", k.name, kind(k.kind), example(k), cell(k.doc));
    let lines: String = keys.iter().map(line).collect();
    format!("### {title}\n\n| key | kind | example | meaning |\n|---|---|---|---|\n{lines}\n")
}

/// `INSTA_UPDATE=always` writes the tables into the page.
#[test]
fn the_page_lists_every_key() {
    let all = [
        section("Of the file", FILE),
        section("`generation`", GENERATION),
        section("A reference", REFERENCE),
        section("A table", TABLE),
        section("`count` for each row of a parent", COUNT),
        section("A group of columns", GROUP),
        section("A column", COLUMN),
        section("A rule", RULE),
        section("`values_from` with a column", VALUE_FILE),
        section("`distribution`", DISTRIBUTION),
    ];
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let made = format!("{head}{BEGIN}\n{}{END}{tail}", all.concat());
    if std::env::var_os("INSTA_UPDATE").is_some_and(|v| v == "always") {
        std::fs::write(PAGE, &made).unwrap();
    } else {
        assert!(page == made, "docs/config.md is not as the keys are; run the test with INSTA_UPDATE=always");
    }
}
