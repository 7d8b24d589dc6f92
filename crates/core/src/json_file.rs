//! JSON files that are written atomically.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

/// The path that means stdout.
pub const STDOUT: &str = "-";

/// Writes a value as JSON atomically (temporary file, then rename), or to stdout.
///
/// # Errors
/// The file's folder cannot be written to.
pub fn write_json(path: &Path, value: &impl Serialize) -> std::io::Result<()> {
    if path.as_os_str() == STDOUT {
        let mut out = std::io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, value)?;
        out.write_all(b"\n")?;
        return out.flush();
    }
    let mut file = beside(path)?;
    let mut buffered = std::io::BufWriter::new(&mut file);
    serde_json::to_writer_pretty(&mut buffered, value)?;
    buffered.write_all(b"\n")?;
    buffered.flush()?;
    drop(buffered);
    file.persist(path)?;
    Ok(())
}

/// Checks that [`write_json`] can write to this path.
///
/// # Errors
/// As for [`write_json`].
pub fn can_write(path: &Path) -> std::io::Result<()> {
    if path.as_os_str() == STDOUT { Ok(()) } else { beside(path).map(drop) }
}

/// A temporary file that can be renamed to `path`.
fn beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    tempfile::NamedTempFile::new_in(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}
