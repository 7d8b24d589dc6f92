//! The documentation: its commands are run and print what it shows, and its links are valid.
//!
//! In `docs/*.md` and the READMEs, the first line of a code block determines how it is tested:
//! - `sh run`: the commands run in the page's folder, and end with `exit=N`, or 0;
//! - `text shows`: every line occurs in the output of the last commands;
//! - `file=NAME`: the block is written to this file of the folder;
//! - `sh elsewhere`: commands that need other machines.
//!
//! The folder has `shop.sql`, and `shop.db` and `plain.db` created from it, unless the page has its own `shop.sql`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::path;
use crate::servers::{Database, Kind};
use crate::shop::{ddl, shop};

/// The URLs of the pages' examples, and the kind of server for each.
const URLS: [(&str, Kind); 2] =
    [("postgres://me@localhost/shop", Kind::Postgres), ("mysql://me@localhost/shop", Kind::MariaDb)];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A block of code of a page.
struct Block {
    line: usize,
    info: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut lines) = (Vec::new(), page.lines().enumerate());
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let text: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        blocks.push(Block { line: at + 1, info: info.to_owned(), text: text.join("\n") + "\n" });
    }
    blocks
}

/// A value of a block's first line: `exit=3`.
fn value<'a>(info: &'a str, key: &str) -> Option<&'a str> {
    info.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

/// A page's folder, and the databases for its URLs.
struct Place {
    folder: tempfile::TempDir,
    servers: Vec<(&'static str, Database)>,
    /// What the last commands printed.
    printed: String,
}

impl Place {
    fn new(page: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("shop.sql"), ddl(Kind::Sqlite)).unwrap();
        std::os::unix::fs::symlink(root().join("tests"), folder.path().join("tests")).unwrap();
        std::os::unix::fs::symlink(root().join("examples"), folder.path().join("examples")).unwrap();
        let servers = URLS.iter().filter(|(url, _)| page.contains(url)).map(|(url, kind)| (*url, shop(*kind)));
        let mut place = Place { servers: servers.collect(), folder, printed: String::new() };
        if !page.contains("shop.db <") && !page.contains("file=shop.sql") {
            assert_eq!(place.run("sqlite3 shop.db < shop.sql; sqlite3 plain.db < shop.sql"), 0);
        }
        place
    }

    fn run(&mut self, script: &str) -> i32 {
        let script = self.servers.iter().fold(script.to_owned(), |s, (url, db)| s.replace(url, &db.url));
        let program = Path::new(env!("CARGO_BIN_EXE_dbmocker")).parent().unwrap();
        let paths = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-eu", "-c", &script]).current_dir(self.folder.path()).env("PATH", paths).stdin(Stdio::null());
        shell.env("XDG_STATE_HOME", self.folder.path());
        ["PGPASSWORD", "MYSQL_PWD", "DBMOCKER_PASSWORD", "DBMOCKER_URL", "DATABASE_URL"].iter().for_each(|name| {
            shell.env_remove(name);
        });
        let output = shell.output().unwrap();
        self.printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        output.status.code().unwrap_or(-1)
    }

    fn block(&mut self, name: &str, block: &Block) {
        let (info, place) = (&block.info, format!("{name}, line {}", block.line));
        if let Some(file) = value(info, "file") {
            std::fs::write(path(self.folder.path(), file), &block.text).unwrap();
        }
        if info.starts_with("sh run") {
            let code = value(info, "exit").map_or(0, |code| code.parse().unwrap());
            let ended = self.run(&block.text);
            assert_eq!(ended, code, "{place}:\n{}\n{}", block.text, self.printed);
        } else if info == "text shows" {
            for line in block.text.lines().map(str::trim) {
                assert!(self.printed.contains(line), "{place}: `{line}` is not in\n{}", self.printed);
            }
        } else if info == "console" {
            // Figures differ from run to run; the commands must work, with fewer rows as well.
            for command in block.text.lines().filter_map(|line| line.strip_prefix("$ ")) {
                let command = &command.replace("--rows 100000", "--rows 1000");
                assert_eq!(self.run(command), 0, "{place}: {command}\n{}", self.printed);
            }
        } else {
            assert!(!matches!(&**info, "" | "sh"), "{place}: a block of commands is `sh run` or `sh elsewhere`");
        }
    }
}

/// Pages whose blocks are run by another test, or are about the Python tool.
const OTHERS: [&str; 2] = ["config.md", "from-the-original.md"];

fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let markdown = docs.filter(|p| p.extension().is_some_and(|e| e == "md"));
    let own = |p: &PathBuf| OTHERS.iter().all(|o| !p.ends_with(o));
    markdown.chain(["README.md", "examples/README.md"].map(|name| root().join(name))).filter(own).collect()
}

#[test]
fn commands_of_the_pages_work() {
    for file in pages() {
        let page = std::fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        let mut place = Place::new(&page);
        blocks(&page).iter().for_each(|block| place.block(&name, block));
    }
}

/// Every Markdown file of the project.
fn markdown(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if entry.file_type().unwrap().is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                markdown(&path, found);
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The text without blocks of code.
fn prose(page: &str) -> String {
    let mut inside = false;
    let lines = page.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The anchors of a page's headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page);
    let headings = headings.lines().filter(|line| line.starts_with('#'));
    let kept = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    };
    headings.map(|line| line.trim_start_matches('#').trim().to_lowercase().chars().filter_map(kept).collect()).collect()
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut files = Vec::new();
    markdown(&root(), &mut files);
    assert!(files.len() > 30);
    let mut broken = Vec::new();
    for file in &files {
        let page = std::fs::read_to_string(file).unwrap();
        for target in link.captures_iter(&prose(&page)).map(|found| found[1].to_owned()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (to, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let to = if to.is_empty() { file.clone() } else { file.parent().unwrap().join(to) };
            let there = match std::fs::read_to_string(&to) {
                Ok(text) => anchor.is_empty() || anchors(&text).contains(anchor),
                Err(_) => to.exists(),
            };
            if !there {
                broken.push(format!("{}: {target}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let contents = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let mut files = Vec::new();
    markdown(&root().join("docs"), &mut files);
    for file in files.iter().filter(|f| !f.ends_with("SUMMARY.md")) {
        let name = file.strip_prefix(root().join("docs")).unwrap().display().to_string();
        assert!(contents.contains(&format!("({name})")), "{name} is not in docs/SUMMARY.md");
    }
}
