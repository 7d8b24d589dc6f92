//! Infers a column's domain by its type first and its name second.

use std::borrow::Cow;
use std::rc::Rc;

use super::InferContext;
use super::dates;
use super::legal::{ARRAY, BLOB, PICTURE, array_of, by_type, range, text_domain};
use super::name_orderings;
use super::names::Name;
use super::neighbours::Neighbours;
use super::numbers;
use super::text;
use crate::dictionary::dictionary;
use dbmocker_core::schema::{Column, SqlType, Table};
use dbmocker_core::time;
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_core::value::Value;
use dbmocker_domain::catalogue::Named;
use dbmocker_domain::locale::Locales;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, JsonKind, RangeKind, Shape, Special};

mod evidence;
mod labels;
mod moments;
mod numeric;
mod storage_class;
mod texts;

use storage_class::storage_class;

/// A column's properties besides its type: the input of the inference.
pub struct ColumnInference<'a> {
    neighbours: Rc<Neighbours>,
    name: Name,
    default: String,
    /// The beginning of the column's comment, as a name.
    comment: Option<Name>,
    /// The values that the comment lists.
    listed: Vec<String>,
    /// The form of texts that the comment states.
    stated: Option<(TextKind, bool)>,
    /// SQLite's storage class, if a CHECK requires one for a column without a type.
    storage_class: Option<&'static str>,
    /// The first day, relative to now, of a column whose dates must not be later than this column's.
    before: Option<i32>,
    /// The locales of the values.
    locales: Locales,
    /// The column's character set.
    charset: Charset,
    context: InferContext<'a>,
}

/// The characters that a column can store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Ascii,
    /// The basic multilingual plane, up to three bytes a character: MySQL's `utf8`.
    Basic,
    Unicode,
}

impl Charset {
    pub(crate) fn of(column: &Column, context: &InferContext<'_>) -> Self {
        match column.collation.charset.as_deref() {
            _ if context.ascii => Charset::Ascii,
            None | Some("utf8mb4" | "utf16" | "utf16le" | "utf32" | "gb18030") => Charset::Unicode,
            Some("utf8" | "utf8mb3" | "ucs2") => Charset::Basic,
            Some(_) => Charset::Ascii,
        }
    }
}

type TypeDomain = Option<(Domain, String)>;

/// The year of a moment in microseconds since 1970-01-01 UTC.
fn year_of(micros: i64) -> i32 {
    time::civil(i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0)).0
}

impl<'a> ColumnInference<'a> {
    /// The input for a column of a table.
    pub fn new(table: &Table, column: &Column, context: &InferContext<'a>) -> Self {
        let neighbours = Neighbours::of(table);
        let neighbours_of = neighbours.clone();
        let comment = column.comment.as_deref().unwrap_or("");
        ColumnInference {
            name: neighbours.name(column),
            neighbours,
            default: column.default.clone().unwrap_or_default(),
            comment: evidence::comment_name(comment),
            listed: evidence::comment_values(comment),
            stated: evidence::comment_form(comment, year_of(context.now_micros)),
            locales: crate::locales(table, context.locales),
            charset: Charset::of(column, context),
            storage_class: if column.ty == SqlType::Untyped { storage_class(table, column) } else { None },
            before: name_orderings::earlier(table, column)
                .map(|first| dates::window_of(&neighbours_of.name(first)).1.from),
            ..ColumnInference::by_name(&column.name, context)
        }
    }

    /// The input for a value without a column: a field of a composite type, or an element without a name.
    pub fn by_name(name: &str, context: &InferContext<'a>) -> Self {
        let none = Neighbours { table: Name::new(""), language: None, names: Vec::new(), trades: Vec::new() };
        ColumnInference {
            neighbours: Rc::new(none),
            name: Name::new(name),
            default: String::new(),
            comment: None,
            listed: Vec::new(),
            stated: None,
            locales: context.locales.to_vec(),
            charset: if context.ascii { Charset::Ascii } else { Charset::Unicode },
            storage_class: None,
            before: None,
            context: *context,
        }
    }

    /// The column's name in English words.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The table's name in English words.
    pub fn table(&self) -> &Name {
        &self.neighbours.table
    }

    pub fn infer(&self, ty: &SqlType) -> TypeDomain {
        match ty {
            SqlType::Bool => Some(self.boolean()),
            SqlType::Int { bytes, unsigned, tinyint1 } => Some(self.int(*bytes, *unsigned, *tinyint1)),
            SqlType::Year => Some(self.year()),
            SqlType::Oid => Some((range(RangeKind::Int, 1, 100_000, 1, Shape::Uniform), "type oid".into())),
            SqlType::Decimal { precision, scale, unsigned } => Some(self.decimal(*precision, *scale, *unsigned)),
            SqlType::Money => Some(self.decimal(12, 2, true)),
            SqlType::Float { bytes, unsigned } => Some(self.float(*bytes, *unsigned)),
            SqlType::Date => Some(self.date()),
            SqlType::Time { .. } => Some(self.time()),
            SqlType::Timestamp { epoch_range, .. } => Some(self.timestamp(*epoch_range)),
            SqlType::Interval => Some(self.interval()),
            SqlType::Text { max_chars, max_bytes, fixed, .. } => Some(self.text(*max_chars, *max_bytes, *fixed)),
            SqlType::Name => Some((text_domain(TextKind::Slug, 63, Some(63)), "type name".into())),
            SqlType::SingleChar => {
                Some((text_domain(TextKind::Code { length: 1 }, 1, Some(1)), "type \"char\"".into()))
            }
            SqlType::Binary { max_bytes, fixed } => Some(self.binary(*max_bytes, *fixed)),
            SqlType::Json { binary } => Some(self.json(*binary)),
            SqlType::Uuid => Some(self.uuid()),
            SqlType::Untyped => Some(self.untyped()),
            SqlType::Array { element, dimensions } => self.array(element, *dimensions),
            other => Some((by_type(other, &self.context)?, "type".into())),
        }
    }

    fn named(&self, word: &str) -> String {
        if word.is_empty() || word.replace(' ', "_") == self.name.whole {
            format!("name `{}`", self.name.whole)
        } else {
            format!("name `{}` ({word})", self.name.whole)
        }
    }

    fn boolean(&self) -> (Domain, String) {
        let values = vec![Value::Bool(true), Value::Bool(false)];
        match text::flag(&self.name) {
            Some(yes) => (Domain::Choice { values, weights: Some(vec![yes, 100 - yes]) }, self.named("")),
            None => (Domain::Choice { values, weights: None }, "type boolean".into()),
        }
    }

    fn binary(&self, max_bytes: Option<u32>, fixed: bool) -> (Domain, String) {
        let picture = self.name.has_any(&[
            "image",
            "picture",
            "avatar",
            "logo",
            "icon",
            "thumbnail",
            "file",
            "content",
            "document",
            "cover",
        ]);
        let (min, max) = if picture { PICTURE } else { BLOB };
        let limit = max_bytes.unwrap_or(u32::MAX);
        let reason = if picture { self.named("") } else { "type: a few bytes".into() };
        if fixed {
            return (Domain::Bytes { min: limit.min(4096), max: limit.min(4096) }, "type: fixed length".into());
        }
        (Domain::Bytes { min: min.min(limit), max: max.min(limit) }, reason)
    }

    fn json(&self, binary: bool) -> (Domain, String) {
        let default = self.default.trim_start_matches(['(', '\'', '"']);
        let list = self.name.ends_any(&[
            "tags",
            "list",
            "items",
            "ids",
            "array",
            "roles",
            "permissions",
            "comments",
            "options",
        ]);
        let shape = self.json_shape().filter(|shape| {
            let array = shape.is_array();
            let wanted = default.as_bytes().first().map(|b| *b == b'[');
            wanted.is_none_or(|wanted| wanted == array)
        });
        let kind = match default.as_bytes().first() {
            _ if let Some(shape) = shape => JsonKind::Shape(shape),
            Some(b'[') => JsonKind::Array,
            Some(b'{') => JsonKind::Object,
            _ if list => JsonKind::Array,
            _ => JsonKind::Object,
        };
        (Domain::Special(Special::Json { binary, kind }), "type json".into())
    }

    /// The shape of JSON documents by the column's name; metadata for a name that is not in the dictionary.
    pub(super) fn json_shape(&self) -> Option<Named> {
        let d = dictionary();
        let words = &self.name.words;
        let found = (0..words.len()).find_map(|i| d.json.get(&words[i..].join(" ")).copied());
        found.or_else(|| Named::find("json_metadata"))
    }

    /// The domain of a SQLite column without a type: by the storage class that a CHECK requires, else by the name, else
    /// words.
    /// The type of the values: that of the storage class, for a column without a type.
    pub fn stored_type<'t>(&self, ty: &'t SqlType) -> Cow<'t, SqlType> {
        match self.storage_class {
            Some("integer") => Cow::Owned(SqlType::Int { bytes: 8, unsigned: false, tinyint1: false }),
            Some("real") => Cow::Owned(SqlType::Float { bytes: 8, unsigned: false }),
            _ => Cow::Borrowed(ty),
        }
    }

    fn untyped(&self) -> (Domain, String) {
        match self.storage_class {
            Some("integer") => return self.int(8, false, false),
            Some("real") => return self.float(8, false),
            Some("blob") => return self.binary(None, false),
            Some(_) => return self.text(None, None, false),
            None => {}
        }
        if self.moment_text().is_none() && !self.is_identifier() && self.meaning(u32::MAX).is_none() {
            if numbers::scale_of(&self.neighbours, &self.name, self.year_now()).is_some() {
                return self.int(8, false, false);
            }
        } else if self.name.last() == "id" {
            return self.int(8, false, false);
        }
        self.text(None, None, false)
    }

    fn array(&self, element: &SqlType, dimensions: u8) -> TypeDomain {
        let (domain, reason) = self.infer(element)?;
        Some((array_of(element, dimensions, domain, ARRAY.0), format!("array, {reason}")))
    }
}
