//! The names of a table's columns as English words, and the language that they are in.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::dictionary::{Meaning, TRADE_POINTS, dictionary};
use super::names;
use super::names::Name;
use dbmocker_core::schema::{Column, Table};
use dbmocker_domain::text::TextKind;

/// The names of a table and its columns.
#[derive(Debug)]
pub struct Neighbours {
    pub table: Name,
    /// A language code such as `de`; `None` for English, and for an unknown language.
    pub language: Option<&'static str>,
    /// In the table's order.
    pub names: Vec<Name>,
    /// The trades whose words the names contain, in alphabetical order: a phrase of the dictionary that begins with one
    /// applies to the table.
    pub trades: Vec<String>,
}

/// The last table's identifiers and the result for them.
type Cached = Option<(Vec<String>, Rc<Neighbours>)>;

impl Neighbours {
    /// The names of a table; the last result is cached, as inference calls this once for each column.
    pub fn of(table: &Table) -> Rc<Self> {
        thread_local! {
            static LAST: RefCell<Cached> = const { RefCell::new(None) };
        }
        let key = || std::iter::once(&table.name.name).chain(table.columns.iter().map(|c| &c.name));
        LAST.with_borrow_mut(|last| match last {
            Some((identifiers, neighbours)) if identifiers.iter().eq(key()) => neighbours.clone(),
            _ => {
                let made = Rc::new(Neighbours::new(table));
                *last = Some((key().cloned().collect(), made.clone()));
                made
            }
        })
    }

    fn new(table: &Table) -> Self {
        let language = names::language(table);
        let translated = |name: &str| Name::in_language(name, language);
        let names: Vec<Name> = table.columns.iter().map(|c| translated(&c.name)).collect();
        let table = translated(&table.name.name);
        let trades = trades(&table, &names);
        Neighbours { table, language, names, trades }
    }

    /// The column's name, read in the table's language. In a table of files, `width` and `height` become `pixel width`
    /// and `pixel height`, and `size` becomes `file size`.
    pub fn name(&self, column: &Column) -> Name {
        let mut name = Name::in_language(&column.name, self.language);
        if let [only] = name.words.as_slice() {
            let of = match only.as_str() {
                "width" | "height" => "pixel",
                "size" => "file",
                _ => return name,
            };
            if self.is_of_files() {
                name.words.insert(0, of.to_owned());
            }
        }
        name
    }

    /// What the names of the table's rows are, by the table's name; `None` if the dictionary does not have it.
    pub fn rows(&self) -> Option<&'static Meaning> {
        let (d, words) = (dictionary(), &self.table.words);
        (0..words.len()).find_map(|i| {
            let phrase = words[i..].join(" ");
            let of_trade = self.trades.iter().find_map(|trade| d.tables.get(&format!("{trade} {phrase}")));
            of_trade.or_else(|| d.tables.get(&phrase))
        })
    }

    /// Whether the table's rows are people.
    pub fn is_of_people(&self) -> bool {
        matches!(self.rows(), Some(Meaning::Kind(TextKind::Name)))
    }

    /// Whether a column's name ends in one of the phrases.
    pub fn any_ends(&self, phrases: &[&str]) -> bool {
        self.names.iter().any(|n| n.ends_any(phrases))
    }

    /// Whether a column's name is exactly the phrase.
    pub fn any_is(&self, phrase: &str) -> bool {
        self.names.iter().any(|n| n.words.iter().map(String::as_str).eq(phrase.split(' ')))
    }

    /// Whether the rows describe files, so that `width` is in pixels.
    pub fn is_of_files(&self) -> bool {
        self.any_ends(&["mime type", "mime", "file name", "file extension", "file size", "original name"])
            || matches!(self.table.last(), "image" | "photo" | "picture" | "thumbnail" | "screenshot" | "video")
    }

    /// Whether the rows are reviews, whose text must agree with the rating.
    pub fn is_of_reviews(&self) -> bool {
        matches!(self.table.last(), "review" | "rating" | "feedback" | "testimonial" | "evaluation")
    }

    /// Whether the table has columns of an address, so that `state` is a part of it.
    pub fn is_of_places(&self) -> bool {
        self.any_ends(&["city", "zipcode", "postal", "country", "street", "country code", "address", "town"])
    }
}

/// Columns of a table for each point that it needs to belong to a trade.
const COLUMNS_PER_POINT: usize = 20;

/// The trades of a table, by the words of its name and of its columns' names.
fn trades(table: &Name, columns: &[Name]) -> Vec<String> {
    let signs = &dictionary().trades;
    let phrases = |name: &Name| {
        let n = name.words.len();
        let all = (0..n).flat_map(move |from| (from + 1..=n).map(move |to| (from, to)));
        all.map(|(from, to)| name.words[from..to].join(" ")).collect::<Vec<String>>()
    };
    let mut points: BTreeMap<&str, u8> = BTreeMap::new();
    // A phrase counts once, in the table's name if that contains it.
    let mut seen: HashSet<String> = phrases(table).into_iter().collect();
    for sign in seen.iter().filter_map(|phrase| signs.get(phrase)).flatten() {
        let of = points.entry(&sign.trade).or_default();
        *of = of.saturating_add(sign.in_table);
    }
    // What a row refers to is another row's.
    let own = columns.iter().filter(|name| name.last() != "id");
    for phrase in own.flat_map(phrases).filter(|phrase| seen.insert(phrase.clone())) {
        for sign in signs.get(&phrase).into_iter().flatten() {
            let of = points.entry(&sign.trade).or_default();
            *of = of.saturating_add(sign.in_column);
        }
    }
    // Of many columns, a few may be called as those of any trade.
    let least = TRADE_POINTS.max(u8::try_from(columns.len() / COLUMNS_PER_POINT).unwrap_or(u8::MAX));
    points.into_iter().filter(|(_, points)| *points >= least).map(|(trade, _)| trade.to_owned()).collect()
}
