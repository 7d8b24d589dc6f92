//! What is to be generated: flags over the config file over defaults.

use super::args;
use super::file;
use super::file::Generation;
use crate::error::{Exit, Failure, OrExit};
use dbmocker_domain::locale::Locales;
use dbmocker_planner::Overrides;
use dbmocker_semantics::add_dictionary;

#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Rows of each table that the config file does not give its own number.
    pub rows: u64,
    pub seed: u64,
    /// Microseconds since 1970-01-01 UTC.
    pub now: i64,
    pub strict: bool,
    pub skip_unsolved: bool,
    pub no_coherence: bool,
    /// Whose names, addresses and words.
    pub locales: Locales,
    pub valid_phones: bool,
    pub overrides: Overrides,
    pub generation: Generation,
    /// Hosts and databases that are never filled.
    pub protect: Vec<String>,
}

impl Request {
    /// From the flags and the file that `--config` names.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a file (`--config`, `--dictionary`) that cannot be read or understood, with the place.
    pub fn new(typed: &args::Rows) -> Result<Self, Failure> {
        let file = match &typed.config {
            Some(path) => file::read(path).or_exit(Exit::Usage)?,
            None => file::ConfigFile::default(),
        };
        if let Some(path) = &typed.values.dictionary {
            add_dictionary(path).or_exit(Exit::Usage)?;
        }
        let mut overrides = file.overrides;
        if typed.rows.is_some() {
            // The flag overrides the file's numbers; tables that are not to be filled stay so.
            overrides.tables.values_mut().for_each(|t| t.rows = t.rows.filter(|n| *n == 0));
        }
        Ok(Request {
            rows: typed.rows.unwrap_or(args::DEFAULT_ROWS),
            seed: typed.seed.or(file.generation.seed).unwrap_or(args::DEFAULT_SEED),
            now: typed.now,
            strict: typed.strict,
            skip_unsolved: typed.skip_unsolved,
            no_coherence: typed.no_coherence || file.generation.no_coherence,
            locales: typed.values.locale.clone().map(|l| l.0).unwrap_or_default(),
            valid_phones: typed.values.valid_phones,
            overrides,
            generation: file.generation,
            protect: file.protect,
        })
    }
}
