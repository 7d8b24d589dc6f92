//! `manifest.json`: the content of an export folder, and how it was generated.
//!
//! Written last, so a folder with a manifest is complete. Manifests are not trusted: the paths in a manifest must stay
//! within its folder, and [`Manifest::verify_files`] checks sizes and checksums before anything is loaded.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use serde::{Deserialize, Serialize};

use super::file::{Checksum, open_to_read, remove_file};
pub use super::plan_text::{PlanText, checksum as plan_checksum};
use super::{
    Compression, CsvOptions, FileOptions, FilePart, FileType, Format, OutFile, Packing, Slice, StageError, hive, slice,
};
use dbmocker_core::schema::Dialect;
use dbmocker_generate::arrow::{EXTENSION_METADATA_KEY, EXTENSION_NAME_KEY, SQL_TYPE_KEY, extension};
use dbmocker_plan::{ALGORITHM_VERSION, Plan};

/// The manifest's name in its folder.
pub const FILE_NAME: &str = "manifest.json";
/// Layout of the manifest that this version writes, and the newest it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The script, in the folder of SQL files, that runs them in order.
pub const SQL_SCRIPT: &str = "load.sql";

/// Maximum characters of a type that [`field`](dbmocker_generate::arrow::field) makes, with a margin.
const LONGEST_TYPE: usize = 60;

/// One export, or one load whose rows can be regenerated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format_version: u32,
    /// Version of the generating algorithm: the same seed gives the same rows only within one version.
    pub algorithm_version: u32,
    /// `dbmocker` and its version.
    pub generator: String,
    pub seed: u64,
    /// The run's "now".
    pub now: String,
    /// The server the schema was read from.
    pub dialect: Dialect,
    /// The files' format; `None` if the rows were loaded directly into a database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FileType>,
    /// Of Parquet files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// Of CSV files, if they are not the default ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<CsvOptions>,
    /// Of text files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packing: Option<Packing>,
    /// The rows of the files, if the export is a slice.
    #[serde(default, skip_serializing_if = "is_whole")]
    pub slice: Slice,
    /// In load order.
    pub tables: Vec<TableEntry>,
    /// XXH3 (128 bits) of the plan's text in hex; without it the plan is not checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_xxh3_128: Option<String>,
    /// The whole plan, from which the rows can be regenerated.
    #[serde(default)]
    pub plan: PlanText,
}

fn is_whole(slice: &Slice) -> bool {
    *slice == Slice::Whole
}

/// A table of the manifest, with its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableEntry {
    pub name: String,
    pub schema: String,
    /// The name that keys the table's random streams and its files.
    pub label: String,
    pub rows: u64,
    pub columns: Vec<ColumnEntry>,
    pub files: Vec<FilePart>,
    /// Why the table has fewer rows than requested.
    pub limited_by: Option<String>,
}

/// A column of the files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnEntry {
    pub name: String,
    /// The server's type name.
    pub sql_type: String,
    /// The Arrow type, as printed by [`DataType`].
    pub arrow: String,
    /// Arrow extension type, e.g. `arrow.uuid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    pub nullable: bool,
}

/// Why an export folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    #[error("`{}` has no {FILE_NAME}: is it a folder that `dbmocker export` finished?", folder.display())]
    Missing { folder: PathBuf },
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` is damaged at line {line}, column {column}: {message}; export again", path.display())]
    Damaged { path: PathBuf, line: usize, column: usize, message: String },
    #[error("`{}` was not written by dbmocker", path.display())]
    Foreign { path: PathBuf },
    #[error(
        "`{}` has layout {found}, and this dbmocker reads up to {FORMAT_VERSION}; use the version that wrote it ({generator})",
        path.display()
    )]
    Future { path: PathBuf, found: u64, generator: String },
    #[error("`{}` names the file `{file}`, which is not within its folder; export again", path.display())]
    Escapes { path: PathBuf, file: String },
    #[error("`{}` lists {what} `{name}` twice; export again", path.display())]
    Duplicate { path: PathBuf, what: &'static str, name: String },
    #[error("`{}`: table `{table}` has {rows} rows, but its files have {in_files}; export again", path.display())]
    Rows { path: PathBuf, table: String, rows: u64, in_files: u64 },
    #[error("`{}`: `{table}`.`{column}` has the unknown type `{arrow}`", path.display())]
    Type { path: PathBuf, table: String, column: String, arrow: String },
    #[error("`{}`: the value that all rows of `{file}` have is wrong; export again", path.display())]
    Partition { path: PathBuf, file: String, source: ArrowError },
    #[error("`{}` is missing, though the manifest lists it for table `{table}`; export again", path.display())]
    FileMissing { path: PathBuf, table: String },
    #[error("`{}` has {found} bytes, but the manifest says {expected}; it was cut or changed: export again", path.display())]
    Size { path: PathBuf, expected: u64, found: u64 },
    #[error("`{}` holds no plan to make the rows from: {message}; export or load again", path.display())]
    Plan { path: PathBuf, message: String },
    #[error(
        "`{}` has rows of algorithm {found}, and this dbmocker makes those of {ALGORITHM_VERSION}; use the version that wrote it ({generator})",
        path.display()
    )]
    Algorithm { path: PathBuf, found: u32, generator: String },
    #[error("`{}` holds a plan and no files; give a folder that `dbmocker export` wrote", path.display())]
    NoFiles { path: PathBuf },
    #[error("`{}`: the plan does not have the checksum that stands beside it; it was changed: save or export again", path.display())]
    PlanChecksum { path: PathBuf },
    #[error(
        "`{}` holds {slice} of an export only; join the parts by `dbmocker manifest --join`, or give a whole export",
        path.display()
    )]
    Slice { path: PathBuf, slice: Slice },
    #[error("`{}` holds {} files, and a load takes CSV and Parquet; export again with --format parquet", folder.display(), file_type.extension())]
    NotLoaded { folder: PathBuf, file_type: FileType },
    #[error(
        "`{}` holds CSV files that are compressed, or have another delimiter, quote, NULL or no header, for other programs; \
         export again without these options to load them",
        folder.display()
    )]
    OtherText { folder: PathBuf },
    #[error("`{}` does not have the checksum that the manifest says; it was changed: export again", path.display())]
    Checksum { path: PathBuf },
}

/// The fields that are read first, to recognise the file.
#[derive(Deserialize)]
struct Probe {
    generator: Option<serde_json::Value>,
    format_version: Option<serde_json::Value>,
}

impl Manifest {
    /// Name and version of this program, for [`Manifest::generator`].
    pub fn generator() -> String {
        format!("dbmocker {}", env!("CARGO_PKG_VERSION"))
    }

    /// Writes `manifest.json`, or the manifest of a slice, synced and renamed into place.
    ///
    /// # Errors
    /// A manifest exists and `overwrite` is not set, or the file cannot be written.
    pub fn write(&self, folder: &Path, overwrite: bool) -> Result<(), StageError> {
        self.write_after(folder, overwrite, || Ok(()))
    }

    /// As [`Manifest::write`], after `others` has written what else belongs to the export: a folder with a manifest is
    /// complete at any time, so the manifest that is to be replaced is removed before.
    ///
    /// # Errors
    /// As [`Manifest::write`], and those of `others`.
    pub fn write_after(
        &self,
        folder: &Path,
        overwrite: bool,
        others: impl FnOnce() -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        let options = FileOptions { overwrite, checksum: false, ..FileOptions::default() };
        let name = self.slice.manifest_name();
        let mut file = OutFile::create(folder, &name, options)?;
        match fs::remove_file(file.path()) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(StageError::create(file.path(), e)),
            _ => {}
        }
        others()?;
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|e| StageError::Encode { path: folder.join(&name), message: e.to_string() })?;
        text.push(b'\n');
        file.put(&text)?;
        file.finish(0)?;
        Ok(())
    }

    /// Removes an export of a slice from its folder: the data files that match its manifest, and then the manifest.
    /// Files that the manifest does not list, or that have another size or ending, do not belong to the export.
    ///
    /// # Errors
    /// An I/O error.
    pub fn remove(folder: &Path, slice: &Slice) -> io::Result<()> {
        let path = folder.join(slice.manifest_name());
        // A manifest that cannot be read lists no files.
        let listed = Self::read_file(&path).ok();
        let script = folder.join(SQL_SCRIPT);
        if listed.as_ref().is_some_and(Self::has_script) && script.is_file() {
            fs::remove_file(script)?;
        }
        for file in listed.iter().flat_map(|m| &m.tables).flat_map(|t| &t.files) {
            let data = folder.join(&file.path);
            match fs::symlink_metadata(&data) {
                Ok(found) if is_data_file(&data) && found.is_file() && found.len() == file.bytes => {
                    remove_file(folder, &file.path)?;
                }
                _ => {}
            }
        }
        fs::remove_file(path)
    }

    /// Whether a script beside the files runs them in order.
    pub fn has_script(&self) -> bool {
        self.format.is_some_and(|format| has_script(format, &self.slice, self.packing))
    }

    /// Writes it atomically to a file of any name.
    ///
    /// # Errors
    /// The file's folder cannot be written to.
    pub fn write_file(&self, path: &Path) -> io::Result<()> {
        dbmocker_core::json_file::write_json(path, self)
    }

    /// Reads and checks the manifest of an export folder; the data files are not checked.
    ///
    /// # Errors
    /// The manifest fails a check, or is not one of an export.
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let gone = |e: &io::Error| matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
        let manifest = Self::read_file(&folder.join(FILE_NAME)).map_err(|e| match e {
            ManifestError::Read { source, .. } if gone(&source) => Self::missing(folder),
            other => other,
        })?;
        match manifest.format {
            Some(_) => Ok(manifest),
            None => Err(ManifestError::NoFiles { path: folder.join(FILE_NAME) }),
        }
    }

    /// Without a manifest, a folder may hold those of slices.
    fn missing(folder: &Path) -> ManifestError {
        let slice = Self::read_slices(folder).ok().and_then(|all| all.into_iter().next());
        match slice {
            Some(manifest) => ManifestError::Slice { path: folder.to_owned(), slice: manifest.slice },
            None => ManifestError::Missing { folder: folder.to_owned() },
        }
    }

    /// The manifests of all slices in a folder, by their names.
    ///
    /// # Errors
    /// The folder or one of the manifests cannot be read.
    pub fn read_slices(folder: &Path) -> Result<Vec<Self>, ManifestError> {
        let read = |source| ManifestError::Read { path: folder.to_owned(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(read)? {
            let name = entry.map_err(read)?.file_name();
            names.extend(name.to_str().filter(|name| slice::is_slice_manifest(name)).map(str::to_owned));
        }
        names.sort_unstable();
        names.iter().map(|name| Self::read_file(&folder.join(name))).collect()
    }

    /// The manifest of an export folder, or the one that a load wrote.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn find(path: &Path) -> Result<Self, ManifestError> {
        if path.is_dir() { Self::read(path) } else { Self::read_file(path) }
    }

    /// The plan from which the rows can be regenerated.
    ///
    /// # Errors
    /// There is no plan, or this version generates other rows from it. `path` is where the manifest was read.
    pub fn plan(&self, path: &Path) -> Result<Plan, ManifestError> {
        let path = path.to_owned();
        if self.algorithm_version != ALGORITHM_VERSION {
            let (found, generator) = (self.algorithm_version, self.generator.clone());
            return Err(ManifestError::Algorithm { path, found, generator });
        }
        if !self.plan.is_some() {
            return Err(ManifestError::Plan { path, message: "there is none".into() });
        }
        let text = match self.plan.text() {
            Ok(text) => text,
            Err(e) => return Err(ManifestError::Plan { path, message: e.to_string() }),
        };
        if self.plan_xxh3_128.as_ref().is_some_and(|sum| *sum != plan_checksum(&text)) {
            return Err(ManifestError::PlanChecksum { path });
        }
        Plan::from_json(&text).map_err(|e| ManifestError::Plan { path, message: without_place(&e) })
    }

    pub(super) fn read_file(path: &Path) -> Result<Self, ManifestError> {
        let file = open_to_read(path).map_err(|source| ManifestError::Read { path: path.to_owned(), source })?;
        Self::read_from(file, path)
    }

    /// A manifest from a reader, which errors name as `path`.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn read_from(mut reader: impl Read, path: &Path) -> Result<Self, ManifestError> {
        let (path, mut text) = (path.to_owned(), Vec::new());
        reader.read_to_end(&mut text).map_err(|source| ManifestError::Read { path: path.clone(), source })?;
        let damaged = |e: serde_json::Error| ManifestError::Damaged {
            path: path.clone(),
            line: e.line(),
            column: e.column(),
            message: without_place(&e),
        };
        let preflight: Probe = match serde_json::from_slice(&text) {
            Ok(preflight) => preflight,
            // JSON that is not an object is valid, but not a manifest.
            Err(e) if e.is_data() => return Err(ManifestError::Foreign { path }),
            Err(e) => return Err(damaged(e)),
        };
        let generator = preflight.generator.as_ref().and_then(|g| g.as_str()).unwrap_or_default();
        if !generator.starts_with("dbmocker ") {
            return Err(ManifestError::Foreign { path });
        }
        if let Some(found) = preflight.format_version.and_then(|v| v.as_u64()).filter(|&v| v > FORMAT_VERSION.into()) {
            return Err(ManifestError::Future { path, found, generator: generator.to_owned() });
        }
        let manifest: Manifest = serde_json::from_slice(&text).map_err(damaged)?;
        manifest.check(&path)?;
        Ok(manifest)
    }

    /// Checks that need only the text: paths, duplicates, sums, types.
    fn check(&self, path: &Path) -> Result<(), ManifestError> {
        let (mut tables, mut files) = (HashSet::new(), HashSet::new());
        let twice = |what, name: &str| ManifestError::Duplicate { path: path.to_owned(), what, name: name.to_owned() };
        for table in &self.tables {
            if !tables.insert((&table.schema, &table.name)) {
                return Err(twice("the table", &table.label));
            }
            let mut columns = HashSet::new();
            for column in &table.columns {
                if !columns.insert(&column.name) {
                    return Err(twice("the column", &column.name));
                }
                column.field(table, path)?;
            }
            for file in &table.files {
                if !is_inside(&file.path) {
                    return Err(ManifestError::Escapes { path: path.to_owned(), file: file.path.clone() });
                }
                if !files.insert(&file.path) {
                    return Err(twice("the file", &file.path));
                }
                if let Some(partition) = &file.partition {
                    table.value_of(partition).map_err(|source| ManifestError::Partition {
                        path: path.to_owned(),
                        file: file.path.clone(),
                        source,
                    })?;
                }
            }
            let in_files = table.files.iter().map(|f| f.rows).fold(0, u64::saturating_add);
            let told = self.slice.rows(&table.label, table.rows).unwrap_or(0..0);
            if self.format.is_some() && in_files != told.end - told.start {
                let (table, rows) = (table.label.clone(), table.rows);
                return Err(ManifestError::Rows { path: path.to_owned(), table, rows, in_files });
            }
        }
        Ok(())
    }

    /// How the files are to be loaded. `folder` is where the manifest was read.
    ///
    /// # Errors
    /// The files are for other programs.
    pub fn loaded_as(&self, folder: &Path) -> Result<Format, ManifestError> {
        let file_type = self.format.ok_or_else(|| ManifestError::NoFiles { path: folder.join(FILE_NAME) })?;
        if self.csv.is_some() || self.packing.is_some() {
            return Err(ManifestError::OtherText { folder: folder.to_owned() });
        }
        file_type.loaded_as().ok_or_else(|| ManifestError::NotLoaded { folder: folder.to_owned(), file_type })
    }

    /// Bytes of all data files.
    pub fn bytes(&self) -> u64 {
        self.tables.iter().flat_map(|t| &t.files).map(|f| f.bytes).fold(0, u64::saturating_add)
    }

    /// Checks that every data file exists and has its size, and then its checksum. `progress` is given the bytes read
    /// since it was last called.
    ///
    /// # Errors
    /// The first file that differs from the manifest.
    pub fn verify_files(&self, folder: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), ManifestError> {
        let listed = || self.tables.iter().flat_map(|t| t.files.iter().map(move |f| (t, f)));
        for (table, file) in listed() {
            check_size(folder, table, file)?;
        }
        listed().try_for_each(|(_, file)| verify_checksum(folder, file, progress))
    }
}

/// Checks that the file exists and has its size.
fn check_size(folder: &Path, table: &TableEntry, file: &FilePart) -> Result<(), ManifestError> {
    let path = folder.join(&file.path);
    match fs::metadata(&path) {
        Ok(found) if found.len() == file.bytes => Ok(()),
        Ok(found) => Err(ManifestError::Size { path, expected: file.bytes, found: found.len() }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            Err(ManifestError::FileMissing { path, table: table.label.clone() })
        }
        Err(source) => Err(ManifestError::Read { path, source }),
    }
}

/// Reads one data file and compares its checksum; files may be checked in several threads.
///
/// # Errors
/// [`ManifestError::Checksum`], or an I/O error.
pub fn verify_checksum(folder: &Path, file: &FilePart, progress: &mut dyn FnMut(u64)) -> Result<(), ManifestError> {
    let path = folder.join(&file.path);
    let read = |source| ManifestError::Read { path: path.clone(), source };
    let mut reader = open_to_read(&path).map_err(read)?;
    let mut hash = Checksum::default();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(&buffer[..n]);
                progress(n as u64);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(read(e)),
        }
    }
    if hash.text().eq_ignore_ascii_case(&file.checksum) { Ok(()) } else { Err(ManifestError::Checksum { path }) }
}

impl TableEntry {
    /// The column that a partition's files lack, by position, and the value of all their rows, as an array of length
    /// one.
    ///
    /// # Errors
    /// The table has no such column, or the value is not of the column's type.
    pub fn value_of(&self, partition: &hive::HivePartition) -> Result<(usize, ArrayRef), ArrowError> {
        let at = self.columns.iter().position(|c| c.name == partition.column);
        let missing = || ArrowError::SchemaError(format!("no column `{}`", partition.column));
        let at = at.ok_or_else(missing)?;
        let field = self.columns[at].field(self, Path::new(FILE_NAME));
        let field = field.map_err(|e| ArrowError::ExternalError(Box::new(e)))?;
        Ok((at, hive::value(&field, partition)?))
    }

    /// The Arrow schema of the table's files.
    ///
    /// # Errors
    /// [`ManifestError::Type`], which [`Manifest::read`] has excluded.
    pub fn arrow_schema(&self) -> Result<SchemaRef, ManifestError> {
        let path = Path::new(FILE_NAME);
        let fields = self.columns.iter().map(|c| c.field(self, path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Arc::new(Schema::new(fields)))
    }
}

impl ColumnEntry {
    /// The entry of a field that [`dbmocker_generate::arrow::field`] made.
    pub fn of(field: &Field) -> Self {
        ColumnEntry {
            name: field.name().clone(),
            sql_type: field.metadata().get(SQL_TYPE_KEY).cloned().unwrap_or_default(),
            arrow: field.data_type().to_string(),
            extension: extension(field).map(str::to_owned),
            nullable: field.is_nullable(),
        }
    }

    fn field(&self, table: &TableEntry, path: &Path) -> Result<Field, ManifestError> {
        // Written types are not nested, and the parser of types recurses for each nested type.
        let plain = self.arrow.len() <= LONGEST_TYPE && self.arrow.matches('(').count() <= 1;
        let data_type: Option<DataType> = if plain { self.arrow.parse().ok() } else { None };
        let data_type = data_type.ok_or_else(|| ManifestError::Type {
            path: path.to_owned(),
            table: table.label.clone(),
            column: self.name.clone(),
            arrow: self.arrow.chars().take(LONGEST_TYPE).collect(),
        })?;
        let field = Field::new(&self.name, data_type, self.nullable);
        let sql_type = (SQL_TYPE_KEY, self.sql_type.as_str());
        Ok(match &self.extension {
            None => field.with_metadata([sql_type]),
            Some(name) => {
                field.with_metadata([sql_type, (EXTENSION_NAME_KEY, name.as_str()), (EXTENSION_METADATA_KEY, "")])
            }
        })
    }
}

/// Whether a script beside the files of an export runs them in order: a slice is only a piece, and the servers' clients
/// do not read compressed files.
pub fn has_script(format: FileType, slice: &Slice, packing: Option<Packing>) -> bool {
    format == FileType::Sql && *slice == Slice::Whole && packing.is_none()
}

/// A relative path of plain names only.
pub(super) fn is_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components().peekable();
    parts.peek().is_some() && parts.all(|c| matches!(c, Component::Normal(_))) && !path.contains('\\')
}

/// serde_json's message without the position, which the error has itself.
fn without_place(e: &serde_json::Error) -> String {
    let text = e.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

/// Whether a file name has an extension that an export writes. Other files are never removed, whatever a manifest
/// lists.
pub(crate) fn is_data_file(path: &Path) -> bool {
    let packed = ["gz", "zst"].iter().any(|e| path.extension().is_some_and(|of| of == *e));
    let name = if packed { path.with_extension("") } else { path.to_owned() };
    FileType::ALL.iter().any(|t| name.extension().is_some_and(|e| e == t.extension()))
}

#[cfg(test)]
mod tests;
