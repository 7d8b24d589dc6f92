//! The columns beside a column, by their names in English words, and the language that their table speaks.

use std::cell::RefCell;
use std::rc::Rc;

use super::names;
use super::names::Name;
use dbmocker_core::schema::{Column, Table};

/// What the names of a table's columns say together.
#[derive(Debug)]
pub struct Neighbours {
    pub table: Name,
    /// A code such as `de`; `None` for English, and where it cannot be told.
    pub language: Option<&'static str>,
    /// In the table's order.
    pub names: Vec<Name>,
}

type Known = Option<(Vec<String>, Rc<Neighbours>)>;

impl Neighbours {
    /// Those of a table; remembered, because every column of the table asks.
    pub fn of(table: &Table) -> Rc<Self> {
        thread_local! {
            static LAST: RefCell<Known> = const { RefCell::new(None) };
        }
        let key = || std::iter::once(&table.name.name).chain(table.columns.iter().map(|c| &c.name));
        LAST.with_borrow_mut(|last| match last {
            Some((known, neighbours)) if known.iter().eq(key()) => neighbours.clone(),
            _ => {
                let made = Rc::new(Neighbours::new(table));
                *last = Some((key().cloned().collect(), made.clone()));
                made
            }
        })
    }

    fn new(table: &Table) -> Self {
        let language = names::language(table);
        let spoken = |name: &str| Name::spoken(name, language);
        Neighbours {
            table: spoken(&table.name.name),
            language,
            names: table.columns.iter().map(|c| spoken(&c.name)).collect(),
        }
    }

    /// The column's name in the table's language; measures and size of a file's row are those of the file.
    pub fn name(&self, column: &Column) -> Name {
        let mut name = Name::spoken(&column.name, self.language);
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

    /// A column's name ends in one of the phrases.
    pub fn any_ends(&self, phrases: &[&str]) -> bool {
        self.names.iter().any(|n| n.ends_any(phrases))
    }

    /// A column is called exactly so.
    pub fn any_is(&self, phrase: &str) -> bool {
        self.names.iter().any(|n| n.words.iter().map(String::as_str).eq(phrase.split(' ')))
    }

    /// The rows are files, or tell of one: `width` is in pixels.
    pub fn is_of_files(&self) -> bool {
        self.any_ends(&["mime type", "mime", "file name", "file extension", "file size", "original name"])
            || matches!(self.table.last(), "image" | "photo" | "picture" | "thumbnail" | "screenshot" | "video")
    }

    /// The rows are opinions: a number of stars goes with words.
    pub fn is_of_reviews(&self) -> bool {
        matches!(self.table.last(), "review" | "rating" | "feedback" | "testimonial" | "evaluation")
    }

    /// The table has columns of an address: `state` is one of those.
    pub fn is_of_places(&self) -> bool {
        self.any_ends(&["city", "zipcode", "postal", "country", "street", "country code", "address", "town"])
    }
}
