//! The dictionary of names: translations of column names from several languages, and the values that names indicate.
//!
//! Data in: the files of `data/`, and the user's file (`--dictionary`). Data out: one [`Dictionary`], loaded once. A
//! new word is a line in a file; the syntax is described in `data/README.md`.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};

use super::numbers::Scale;
use super::privacy::Privacy;
use dbmocker_domain::catalogue::Named;
use dbmocker_domain::text::TextKind;

mod read;
mod words;

pub use read::{DictionaryError, EntryError};
pub use words::Translations;

/// The built-in files.
const FILES: [(&str, &str); 26] = [
    ("english.txt", include_str!("data/english.txt")),
    ("german.txt", include_str!("data/german.txt")),
    ("french.txt", include_str!("data/french.txt")),
    ("spanish.txt", include_str!("data/spanish.txt")),
    ("portuguese.txt", include_str!("data/portuguese.txt")),
    ("italian.txt", include_str!("data/italian.txt")),
    ("dutch.txt", include_str!("data/dutch.txt")),
    ("polish.txt", include_str!("data/polish.txt")),
    ("turkish.txt", include_str!("data/turkish.txt")),
    ("russian.txt", include_str!("data/russian.txt")),
    ("japanese.txt", include_str!("data/japanese.txt")),
    ("chinese.txt", include_str!("data/chinese.txt")),
    ("people.txt", include_str!("data/people.txt")),
    ("places.txt", include_str!("data/places.txt")),
    ("business.txt", include_str!("data/business.txt")),
    ("web.txt", include_str!("data/web.txt")),
    ("texts.txt", include_str!("data/texts.txt")),
    ("tables.txt", include_str!("data/tables.txt")),
    ("numbers.txt", include_str!("data/numbers.txt")),
    ("trades.txt", include_str!("data/trades.txt")),
    ("industries.txt", include_str!("data/industries.txt")),
    ("measures.txt", include_str!("data/measures.txt")),
    ("contexts.txt", include_str!("data/contexts.txt")),
    ("subjects.txt", include_str!("data/subjects.txt")),
    ("lifetimes.txt", include_str!("data/lifetimes.txt")),
    ("privacy.txt", include_str!("data/privacy.txt")),
];

/// The inferred content of a text column.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    Kind(TextKind),
    /// Values with their weights.
    OneOf(Arc<Vec<(String, u32)>>),
    /// `Y` or `N`, or longer words in longer columns; the percentage of true values.
    Flag(u32),
}

/// The inferred content of a number column.
#[derive(Debug, Clone, PartialEq)]
pub enum NumberMeaning {
    Scale(Scale),
    /// Numbers of a unit, which the column's name does not have to contain.
    InUnit(Scale, Unit),
    /// Whole numbers with their weights.
    OneOf(Arc<Vec<(i64, u32)>>),
    /// Percentages with their weights: shares of 1 in columns of fractions.
    PercentOf(Arc<Vec<(i64, u32)>>),
}

/// A unit of measurement: its size in the base unit of its quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    pub size: f64,
    pub base: String,
}

/// What a word says about the trade of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeSign {
    pub trade: String,
    /// The points that it counts in the table's name, and in that of a column; a table of a trade has [`TRADE_POINTS`].
    pub in_table: u8,
    pub in_column: u8,
}

/// The points with which a table belongs to a trade.
pub const TRADE_POINTS: u8 = 2;

/// The entries of all files; phrases are in the normalized form of names.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    /// English first.
    pub languages: Vec<Translations>,
    /// Words into which names without separators are split.
    pub vocabulary: HashSet<String>,
    /// Words that are not split although they consist of several words.
    pub never_cut: HashSet<String>,
    /// Known words that are also beginnings or ends of other words: no parts of names without separators.
    pub never_a_part: HashSet<String>,
    /// Words that end in `id` and are not identifiers.
    pub no_identifier: HashSet<String>,
    /// Words whose last `s` is not a plural.
    pub keeps_its_s: HashSet<String>,
    /// Words of places that are named after where they are, and names of such places.
    pub sites: HashSet<String>,
    pub site_names: HashSet<String>,
    /// Rows that last for years without an agreed end, and agreements, which run for an agreed time.
    pub lasting: HashSet<String>,
    pub running: HashSet<String>,
    /// What takes place at a set time, and what people make before that for which they make it.
    pub occasions: HashSet<String>,
    pub bookings: HashSet<String>,
    pub columns: HashMap<String, Meaning>,
    pub tables: HashMap<String, Meaning>,
    pub numbers: HashMap<String, NumberMeaning>,
    pub units: HashMap<String, Unit>,
    /// The trades that words indicate.
    pub trades: HashMap<String, Vec<TradeSign>>,
    pub nulls: HashMap<String, f64>,
    /// The subjects of long texts.
    pub texts: HashMap<String, Named>,
    /// The shapes of JSON documents.
    pub json: HashMap<String, Named>,
    /// The privacy class of columns, by phrase.
    pub privacy: HashMap<String, Privacy>,
    /// The same by kind of value: its name, or its subject.
    pub privacy_of_kinds: HashMap<String, Privacy>,
    /// Words of the phrases of all sections, into which a name that is one word in lower case is split.
    pub known: HashSet<String>,
    /// Words of English phrases; their meaning in another language counts only in tables of that language.
    pub english: HashSet<String>,
}

/// The built-in dictionary with the user's entries.
static EXTENDED: OnceLock<Dictionary> = OnceLock::new();
static BUILT_IN: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::built_in().expect("a test parses the built-in files"));

/// The dictionary in use.
pub fn dictionary() -> &'static Dictionary {
    EXTENDED.get().unwrap_or(&BUILT_IN)
}

/// Adds the entries of the user's file, which override the built-in ones. Call it at most once, before planning.
///
/// # Errors
/// The file cannot be read, or one of its lines cannot be parsed.
pub fn add_dictionary(path: &Path) -> Result<(), DictionaryError> {
    let text = std::fs::read_to_string(path).map_err(|error| DictionaryError {
        file: path.display().to_string(),
        line: 0,
        why: error.into(),
    })?;
    let mut all = BUILT_IN.clone();
    all.read(&path.display().to_string(), &text)?;
    // A second call has no effect: the command line accepts one file.
    let _ = EXTENDED.set(all);
    Ok(())
}

impl Dictionary {
    fn built_in() -> Result<Dictionary, DictionaryError> {
        let mut all = Dictionary::default();
        for (file, text) in &FILES {
            all.read(file, text)?;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_are_valid() {
        let all = Dictionary::built_in().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(all.languages.len(), 12);
        assert!(all.columns.len() > 1500 && all.tables.len() > 150 && all.numbers.len() > 250);
        assert!(all.languages.iter().all(|l| l.len() > 150), "{:?}", all.languages.iter().map(Translations::len));
    }

    #[test]
    fn errors_name_file_and_line() {
        let wrong = |text: &str| Dictionary::default().read("own.txt", text).expect_err("not a dictionary").to_string();
        assert_eq!(wrong("\nname -> first_name"), "own.txt:2: an entry before the first heading, such as `[columns]`");
        assert_eq!(
            wrong("[colums]"),
            "own.txt:1: unknown heading `[colums]`; the headings are `[words LANGUAGE]`, `[columns]`, `[tables]`, `[numbers]`, \
             `[units]`, `[trades]`, `[nulls]`, `[texts]`, `[json]`, `[privacy]`, `[privacy of kinds]`, `[vocabulary]`, \
             `[never cut]`, `[never a part]`, `[no identifier]`, `[keeps its s]`, `[sites]`, `[site names]`, `[lasting]`, `[running]`, \
             `[occasions]` and `[bookings]`"
        );
        assert_eq!(wrong("[columns]\njersey size"), "own.txt:2: expected `phrase, phrase -> meaning`");
        assert_eq!(
            wrong("[columns]\njersey size -> jersey_size"),
            "own.txt:2: unknown kind of value `jersey_size`; `dbmocker generators` lists the kinds, and a list is written \
             as `one of S *2 | M *5`"
        );
        assert_eq!(wrong("[numbers]\nlap -> many"), "own.txt:2: `many`: expected a range such as `1..60 low`");
        assert_eq!(wrong("[nulls]\nlap -> 120%"), "own.txt:2: `120%`: expected a percentage such as `25%`");
    }

    #[test]
    fn user_entries_override_built_in_ones() {
        let mut all = BUILT_IN.clone();
        let own = "[columns]\nflavour -> one of vanilla *5 | lemon\n[numbers]\nscoop -> 1..5 low\n[words de]\nkugeln -> scoop\n";
        all.read("own.txt", own).expect("a dictionary");
        assert_ne!(all.columns["flavour"], BUILT_IN.columns["flavour"]);
        assert!(all.numbers.contains_key("scoop"));
        assert!(all.languages.iter().any(|l| l.code == "de" && l.find("kugeln").is_some()));
    }
}
