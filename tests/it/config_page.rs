//! The examples of `docs/config.md`: each is loaded into every server, and the queries below it find nothing.

use crate::program::dbmocker;
use crate::servers::{KINDS, database};

const PAGE: &str = include_str!("../../docs/config.md");

/// Files that are written next to the config file: blocks of these kinds with a name.
const FILES: [&str; 3] = ["csv ", "txt ", "json "];

/// An example, and the queries that must find no row after it.
#[derive(Default)]
struct Example {
    line: usize,
    config: String,
    none: Vec<String>,
}

/// The schema and the examples of the page; its files are written to a folder.
fn read(folder: &std::path::Path) -> (String, Vec<Example>) {
    let (mut schema, mut examples) = (String::new(), Vec::<Example>::new());
    let mut lines = PAGE.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let block: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let text = block.join("\n");
        match info {
            "sql schema" => schema = text,
            "yaml example" => examples.push(Example { line: at + 1, config: text, none: Vec::new() }),
            "sql none" => examples.last_mut().unwrap().none.push(text),
            _ => {
                if let Some(name) = FILES.iter().find_map(|kind| info.strip_prefix(kind)) {
                    std::fs::write(folder.join(name), text + "\n").unwrap();
                }
            }
        }
    }
    (schema, examples)
}

#[test]
fn every_example_of_the_page_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let (schema, examples) = read(folder.path());
    assert!(!examples.is_empty());
    for example in examples {
        let place = format!("docs/config.md, line {}", example.line);
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, &example.config).unwrap();
        for kind in KINDS {
            let db = database(kind, &schema);
            let ran = dbmocker(["load", "--url", &db.url, "--config", file.to_str().unwrap()]);
            assert!(ran.code == 0, "{place}, {kind:?}: {}", ran.stderr);
            for query in &example.none {
                let rows = db.rows(query);
                assert!(rows.is_empty(), "{place}, {kind:?}: {query}: {:?}", &rows[..rows.len().min(5)]);
            }
        }
    }
}
