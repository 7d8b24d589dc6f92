//! The names of a table's columns as English words, and the language that they are in.

use std::cell::RefCell;
use std::rc::Rc;

use super::names;
use super::names::Name;
use dbmocker_core::schema::{Column, Table};

/// The names of a table and its columns.
#[derive(Debug)]
pub struct Neighbours {
    pub table: Name,
    /// A language code such as `de`; `None` for English, and for an unknown language.
    pub language: Option<&'static str>,
    /// In the table's order.
    pub names: Vec<Name>,
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
        Neighbours {
            table: translated(&table.name.name),
            language,
            names: table.columns.iter().map(|c| translated(&c.name)).collect(),
        }
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
