//! The requested rows: flags override the config file, which overrides defaults.

use super::args;
use super::file;
use super::file::Generation;
use super::parse;
use super::row_counts::RowCounts;
use crate::error::{Exit, Failure, OrExit};
use dbmocker_core::humanize;
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_domain::locale::Locales;
use dbmocker_planner::{LearnedProfile, Overrides, RequestedRows, RowDistribution};
use dbmocker_profile::Profile;
use dbmocker_semantics::add_dictionary;
use std::sync::Arc;

#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Rows of each table for which the config file sets no number.
    pub rows: u64,
    pub shape: RowDistribution,
    /// Bytes that the rows are to take; row counts follow from it.
    pub size: Option<u64>,
    pub seed: u64,
    /// Microseconds since 1970-01-01 UTC.
    pub now: i64,
    /// Whether "now" is the default.
    pub now_is_default: bool,
    pub strict: bool,
    pub skip_unsolved: bool,
    pub no_coherence: bool,
    /// Share of rows in which a column holds an edge case.
    pub edge_cases: Option<f64>,
    /// The locales of names, addresses and words.
    pub locales: Locales,
    pub valid_phones: bool,
    pub overrides: Overrides,
    /// Statistics that the rows are to have.
    pub profile: Option<LearnedProfile>,
    pub generation: Generation,
    /// Hosts and databases that are never filled.
    pub protect: Vec<String>,
    /// Settings of every session.
    pub session: Vec<(String, String)>,
    /// What flags override in the file.
    pub notes: Vec<String>,
}

/// Days that the default "now" may be in the past without a note.
const MOST_DAYS: i64 = 90;

impl Request {
    /// From the flags and the file that `--config` names.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a file (`--config`, `--profile`, `--dictionary`) that cannot be read or parsed, with the position.
    pub fn new(typed: &args::RowsArgs) -> Result<Self, Failure> {
        let file = match &typed.config {
            Some(path) => file::read(path).or_exit(Exit::Usage)?,
            None => file::ConfigFile::default(),
        };
        if let Some(path) = &typed.values.dictionary {
            add_dictionary(path).or_exit(Exit::Usage)?;
        }
        let default_now = parse::instant(args::DEFAULT_NOW).map_err(|e| Failure::usage(e.to_string()))?;
        let all = rows_of_all(&typed.rows)?;
        let notes = notes_of_rows(typed, &file, all);
        let mut overrides = file.overrides;
        overrides.rows.extend(typed.rows.iter().flat_map(|r| r.tables.iter().cloned()));
        let rows = all.or(file.generation.rows);
        let profile = match &typed.profile {
            Some(path) => Some(LearnedProfile {
                profile: Arc::new(Profile::read(path).or_exit(Exit::Usage)?),
                scale: typed.scale.unwrap_or(1.0),
                rows: rows.is_none(),
            }),
            None => None,
        };
        let no_coherence = typed.no_coherence || file.generation.coherence == Some(false);
        let shape = match rows {
            Some(_) if typed.shape => RowDistribution::Largest,
            None if typed.shape || !no_coherence => RowDistribution::ByRole,
            _ => RowDistribution::Level,
        };
        Ok(Request {
            rows: rows.unwrap_or(args::DEFAULT_ROWS),
            shape,
            size: typed.size,
            seed: typed.seed.or(file.generation.seed).unwrap_or(args::DEFAULT_SEED),
            now: typed.now.unwrap_or(default_now),
            now_is_default: typed.now.is_none(),
            strict: typed.strict,
            skip_unsolved: typed.skip_unsolved,
            no_coherence,
            edge_cases: typed.edge_cases,
            locales: typed.values.locale.clone().map(|l| l.0).unwrap_or_default(),
            valid_phones: typed.values.valid_phones,
            overrides,
            profile,
            generation: file.generation,
            protect: file.protect,
            session: file.session,
            notes,
        })
    }

    /// The notes about the request, printed with the plan.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.notes.iter().cloned().chain(self.default_now_note())
    }

    /// The note if "now" is the default and far in the past.
    fn default_now_note(&self) -> Option<String> {
        let days = (parse::today() - self.now) / MICROS_PER_DAY;
        (self.now_is_default && days > MOST_DAYS).then(|| {
            format!(
                "the rows end at {}, {days} days ago, as every run's do by default; --now today lets them end today",
                args::DEFAULT_NOW
            )
        })
    }
}

/// The number that `--rows` sets for all tables without a separate count.
fn rows_of_all(typed: &[RowCounts]) -> Result<Option<u64>, Failure> {
    let mut all = typed.iter().filter_map(|r| r.all);
    let first = all.next();
    if all.next().is_some() {
        let message =
            "two --rows give a number for every table; keep one, and write those of single tables as users=2k";
        return Err(Failure::usage(message));
    }
    Ok(first)
}

/// What `--rows` overrides in the file, and what it leaves.
fn notes_of_rows(typed: &args::RowsArgs, file: &file::ConfigFile, all: Option<u64>) -> Vec<String> {
    let (Some(rows), Some(path)) = (all, &typed.config) else { return Vec::new() };
    let name = path.display();
    let mut notes = Vec::new();
    if let Some(then) = file.generation.rows.filter(|then| *then != rows) {
        notes.push(format!("--rows {rows} overrides `rows: {then}` of `{name}`"));
    }
    let own = file
        .overrides
        .tables
        .values()
        .filter(|t| t.rows.as_ref().is_some_and(|r| *r != RequestedRows::Number(0)))
        .count();
    if own > 0 {
        let tables = humanize::plural(own as u64, "table");
        notes.push(format!(
            "`{name}` gives {tables} rows of their own, --rows {rows} is for the others; --rows '*={rows}' is for all"
        ));
    }
    notes
}
