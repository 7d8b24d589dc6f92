//! The tables of keys in `docs/config.md`, made from the list of keys.

use crate::cli::file::keys::{
    COLUMN, COUNT, ConfigKey, DISTRIBUTION, FILE, GENERATION, GROUP, KeyKind, MEMBER, REFERENCE, RULE, SEASON, SERIES,
    TABLE, VALUE_FILE, WALK,
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/config.md");
const BEGIN: &str = "<!-- keys -->\n";
const END: &str = "<!-- end of keys -->\n";

fn kind(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Count => "whole number",
        KeyKind::Flag => "true or false",
        KeyKind::Share => "0 to 1",
        KeyKind::Number => "number",
        KeyKind::Scalar => "value",
        KeyKind::Scalars => "list of values",
        KeyKind::Weights => "values with weights",
        KeyKind::Text => "text",
        KeyKind::Generator => "name of a generator",
        KeyKind::Mode => "name of a mode",
        KeyKind::CountShape => "name of a law",
        KeyKind::Rows => "list of rows",
        KeyKind::Rules => "list of rules",
        KeyKind::Template => "members with rules or values",
        KeyKind::Item => "rule of a member",
        KeyKind::Example => "any value",
        KeyKind::JsonSchema => "file, or JSON Schema",
        KeyKind::Groups => "list of groups",
        KeyKind::ValueFile => "file, or mapping",
        KeyKind::References => "list of references",
        KeyKind::Targets => "column, or columns by value",
        KeyKind::Distribution => "name of a law, or law with its numbers",
        KeyKind::Buckets => "list of `{to, share}`",
        KeyKind::RowCount => "number, multiple or mapping",
        KeyKind::Settings => "names with values",
        KeyKind::Section(_) => "mapping",
        KeyKind::Named(_) => "mapping by name",
    }
}

fn section(title: &str, keys: &[ConfigKey]) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let example = |k: &ConfigKey| if k.example.is_empty() { String::new() } else { format!("`{}`", cell(k.example)) };
    let line = |k: &ConfigKey| format!("| `{}` | {} | {} | {} |\n", k.name, kind(k.kind), example(k), cell(k.doc));
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
        section("A member of `json`, or `items`", MEMBER),
        section("`values_from` with a column", VALUE_FILE),
        section("`distribution`", DISTRIBUTION),
        section("`series`", SERIES),
        section("`random_walk`", WALK),
        section("`seasonality`", SEASON),
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
