//! Reads the scripts: files, the standard input, and folders of migrations in the order of their versions.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::DdlError;

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct DdlSource {
    /// As errors name it.
    pub name: String,
    pub text: String,
}

/// All files, folders expanded.
///
/// # Errors
/// A file cannot be read, or holds no text.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<DdlSource>, DdlError> {
    let mut sources = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            read.map_err(|e| DdlError::File { path: "-".into(), message: e.to_string() })?;
            sources.push(DdlSource { name: "standard input".into(), text: text("-", bytes)? });
        } else if path.is_dir() {
            let files = migrations(path)?;
            if files.is_empty() {
                let message = "the folder holds no .sql file".to_owned();
                return Err(DdlError::File { path: path.display().to_string(), message });
            }
            for file in files {
                sources.push(file_source(&file)?);
            }
        } else {
            sources.push(file_source(path)?);
        }
    }
    Ok(sources)
}

fn file_source(path: &Path) -> Result<DdlSource, DdlError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| DdlError::File { path: name.clone(), message: e.to_string() })?;
    Ok(DdlSource { text: up_only(text(&name, bytes)?), name })
}

/// The text of a file: UTF-8, or UTF-16, which PowerShell uses for redirected output.
fn text(path: &str, bytes: Vec<u8>) -> Result<String, DdlError> {
    let fail = |message: &str| DdlError::File { path: path.to_owned(), message: message.to_owned() };
    for (magic, message) in [
        (
            &b"PGDMP"[..],
            "it is a dump in pg_dump's own format; write it as text: pg_restore --schema-only -f schema.sql FILE",
        ),
        (&b"SQLite format 3\0"[..], "it is a SQLite database, not its DDL; write --url sqlite://FILE"),
        (&b"\x1f\x8b"[..], "it is compressed; write gunzip -c FILE | dbmocker ... --ddl -"),
        (&b"\x28\xb5\x2f\xfd"[..], "it is compressed; write zstd -dc FILE | dbmocker ... --ddl -"),
    ] {
        if bytes.starts_with(magic) {
            return Err(fail(message));
        }
    }
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).map_err(|_| fail("it is no UTF-16 text"))
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes),
        _ => {
            let text = String::from_utf8(bytes).map_err(|e| {
                let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
                fail(&format!("line {line} is no UTF-8; convert it, e.g. iconv -f latin1 -t utf-8"))
            })?;
            Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
        }
    }
}

/// Without the part that undoes the migration, as dbmate and goose write it.
fn up_only(text: String) -> String {
    let down = |line: &str| {
        let line = line.trim().to_ascii_lowercase();
        line.starts_with("-- migrate:down")
            || line.starts_with("-- +goose down")
            || line.starts_with("-- +migrate down")
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if down(line) {
            return text[..at].to_owned();
        }
        at += line.len();
    }
    text
}

/// The .sql files of a folder and of those in it, in order; scripts that undo migrations are left out.
fn migrations(folder: &Path) -> Result<Vec<PathBuf>, DdlError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let fail = |e: std::io::Error| DdlError::File { path: folder.display().to_string(), message: e.to_string() };
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            // A link to a folder may lead back to this one.
            let is_folder = entry.file_type().map_err(fail)?.is_dir();
            let path = entry.path();
            let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
            if is_folder {
                folders.push(path);
            } else if name.ends_with(".sql") && !undoes(&name) && path.is_file() {
                found.push(path);
            }
        }
    }
    let key = |path: &Path| order(&path.strip_prefix(folder).unwrap_or(path).to_string_lossy());
    found.sort_by_cached_key(|path| key(path));
    Ok(found)
}

/// Flyway's `U2__x.sql`, and `2_x.down.sql`.
fn undoes(name: &str) -> bool {
    let flyway = name.starts_with('u') && name[1..].starts_with(|c: char| c.is_ascii_digit()) && name.contains("__");
    flyway || name.ends_with(".down.sql") || name == "down.sql"
}

/// Flyway's versions, then other names, numbers in them by value; Flyway's repeatable migrations come last.
fn order(path: &str) -> (u8, Vec<u64>, Vec<(u64, String)>) {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    if name.starts_with("R__") {
        return (2, Vec::new(), natural(path));
    }
    let version = name.strip_prefix(['V', 'v']).and_then(|rest| Some(rest.split_once("__")?.0));
    let numbers = version.map(|v| v.split(['.', '_']).map(str::parse).collect::<Result<Vec<u64>, _>>());
    match numbers {
        Some(Ok(numbers)) => (0, numbers, natural(path)),
        _ => (1, Vec::new(), natural(path)),
    }
}

/// The name in parts: a number, and the text before it.
fn natural(name: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number = rest[..digits].parse().unwrap_or(0);
        let text = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        parts.push((number, rest[digits..text].to_lowercase()));
        rest = &rest[text..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_ordered_by_version() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["V10__c.sql", "V2__b.sql", "V1.1__a.sql", "V1__z.sql", "U2__b.sql", "R__views.sql", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let names = |folder: &Path| -> Vec<String> {
            let found = migrations(folder).unwrap();
            found.iter().map(|p| p.strip_prefix(folder).unwrap().display().to_string()).collect()
        };
        assert_eq!(names(folder.path()), ["V1__z.sql", "V1.1__a.sql", "V2__b.sql", "V10__c.sql", "R__views.sql"]);
        let prisma = tempfile::tempdir().unwrap();
        for name in ["20240102_b", "20240101_a"] {
            std::fs::create_dir(prisma.path().join(name)).unwrap();
            std::fs::write(prisma.path().join(name).join("migration.sql"), "").unwrap();
        }
        for name in ["9_a.up.sql", "10_b.up.sql", "10_b.down.sql"] {
            std::fs::write(prisma.path().join(name), "").unwrap();
        }
        let expected = ["9_a.up.sql", "10_b.up.sql", "20240101_a/migration.sql", "20240102_b/migration.sql"];
        assert_eq!(names(prisma.path()), expected);
    }

    #[test]
    fn texts_of_other_encodings_and_no_texts() {
        let utf16: Vec<u8> = [0xfeff_u16].into_iter().chain("é;".encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(text("a", utf16).unwrap(), "é;");
        assert_eq!(text("a", "\u{feff}é".into()).unwrap(), "é");
        assert!(text("a", b"a\nb\xe9".to_vec()).unwrap_err().to_string().contains("line 2 is no UTF-8"));
        assert!(text("a", b"PGDMP...".to_vec()).unwrap_err().to_string().contains("pg_restore"));
        assert_eq!(up_only("-- migrate:up\na;\n-- migrate:down\nb;".into()), "-- migrate:up\na;\n");
    }
}
