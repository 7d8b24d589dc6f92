//! The requested rows: flags override the config file, which overrides defaults.

use super::args;
use super::file;
use super::file::Generation;
use super::parse;
use crate::error::{Exit, Failure, OrExit};
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_domain::locale::Locales;
use dbmocker_planner::{Learned, Overrides, Shape};
use dbmocker_profile::Profile;
use dbmocker_semantics::add_dictionary;
use std::sync::Arc;

#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Rows of each table for which the config file sets no number.
    pub rows: u64,
    pub shape: Shape,
    pub seed: u64,
    /// Microseconds since 1970-01-01 UTC.
    pub now: i64,
    /// Whether "now" is the default.
    pub now_is_default: bool,
    pub strict: bool,
    pub skip_unsolved: bool,
    pub no_coherence: bool,
    /// The locales of names, addresses and words.
    pub locales: Locales,
    pub valid_phones: bool,
    pub overrides: Overrides,
    /// Statistics that the rows are to have.
    pub profile: Option<Learned>,
    pub generation: Generation,
    /// Hosts and databases that are never filled.
    pub protect: Vec<String>,
}

/// Days that the default "now" may be in the past without a note.
const MOST_DAYS: i64 = 90;

impl Request {
    /// From the flags and the file that `--config` names.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a file (`--config`, `--profile`, `--dictionary`) that cannot be read or parsed, with the position.
    pub fn new(typed: &args::Rows) -> Result<Self, Failure> {
        let file = match &typed.config {
            Some(path) => file::read(path).or_exit(Exit::Usage)?,
            None => file::ConfigFile::default(),
        };
        if let Some(path) = &typed.values.dictionary {
            add_dictionary(path).or_exit(Exit::Usage)?;
        }
        let default_now = parse::instant(args::DEFAULT_NOW).map_err(Failure::usage)?;
        let mut overrides = file.overrides;
        if typed.rows.is_some() {
            // The flag overrides the file's numbers; tables with 0 rows there stay unfilled.
            overrides.tables.values_mut().for_each(|t| t.rows = t.rows.filter(|n| *n == 0));
        }
        let profile = match &typed.profile {
            Some(path) => Some(Learned {
                profile: Arc::new(Profile::read(path).or_exit(Exit::Usage)?),
                scale: typed.scale.unwrap_or(1.0),
                rows: typed.rows.is_none(),
            }),
            None => None,
        };
        let no_coherence = typed.no_coherence || file.generation.no_coherence;
        let shape = match typed.rows {
            Some(_) if typed.shape => Shape::Largest,
            None if typed.shape || !no_coherence => Shape::ByRole,
            _ => Shape::Level,
        };
        Ok(Request {
            rows: typed.rows.unwrap_or(args::DEFAULT_ROWS),
            shape,
            seed: typed.seed.or(file.generation.seed).unwrap_or(args::DEFAULT_SEED),
            now: typed.now.unwrap_or(default_now),
            now_is_default: typed.now.is_none(),
            strict: typed.strict,
            skip_unsolved: typed.skip_unsolved,
            no_coherence,
            locales: typed.values.locale.clone().map(|l| l.0).unwrap_or_default(),
            valid_phones: typed.values.valid_phones,
            overrides,
            profile,
            generation: file.generation,
            protect: file.protect,
        })
    }

    /// The note if "now" is the default and far in the past.
    pub fn told_of_now(&self) -> Option<String> {
        let days = (parse::today() - self.now) / MICROS_PER_DAY;
        (self.now_is_default && days > MOST_DAYS).then(|| {
            format!(
                "the rows end at {}, {days} days ago, as every run's do by default; --now today lets them end today",
                args::DEFAULT_NOW
            )
        })
    }
}
