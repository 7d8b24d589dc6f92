//! Parses the catalogue's files.

use std::collections::HashMap;

use thiserror::Error;

use super::codes;
use super::template::{Template, TemplateItem};
use super::{Catalogue, CatalogueEntry, EntryBody, NotationError};
use crate::fake::Words;

/// An error in a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {what}")]
pub struct CatalogueError {
    pub file: String,
    pub line: usize,
    pub what: String,
}

/// A definition: a name, a sign and a text, on a line and the indented lines after it.
struct Definition<'a> {
    file: &'a str,
    line: usize,
    subject: &'static str,
    name: &'a str,
    sign: char,
    text: String,
}

impl Definition<'_> {
    fn error(&self, what: impl Into<String>) -> CatalogueError {
        CatalogueError { file: self.file.to_owned(), line: self.line, what: what.into() }
    }
}

/// A copy of the text with static lifetime.
fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

impl Catalogue {
    pub fn read(files: &[(&str, &str)]) -> Result<Catalogue, CatalogueError> {
        let mut found = Vec::new();
        for (file, text) in files {
            definitions(file, text, &mut found)?;
        }
        let mut lists: HashMap<&str, &'static Words> = HashMap::new();
        for d in found.iter().filter(|d| d.sign == '=') {
            let words = items(&d.text).map_err(|e| d.error(e.to_string()))?;
            let words: &'static Words = Box::leak(Box::new(Words::weighted(words.iter().map(|(t, w)| (*t, *w)))));
            lists.insert(d.name, words);
        }
        // A template may use the templates before it.
        let mut templates: HashMap<&str, &'static Template> = HashMap::new();
        let mut catalogue = Catalogue { entries: Vec::new(), names: HashMap::new() };
        for d in &found {
            let body = match d.sign {
                '=' => EntryBody::List(lists[d.name]),
                '!' => EntryBody::Code(codes::find(&d.text).ok_or_else(|| d.error(format!("no code `{}`", d.text)))?),
                _ => {
                    let of = |name: &str| match lists.get(name) {
                        Some(words) => Some(TemplateItem::List(words)),
                        None => templates.get(name).map(|t| TemplateItem::Template(t)),
                    };
                    let prose = d.name.starts_with("text_");
                    let template = Template::parse(&d.text, &of, prose).map_err(|e| d.error(e.to_string()))?;
                    let template: &'static Template = Box::leak(Box::new(template));
                    templates.insert(d.name, template);
                    EntryBody::Template(template)
                }
            };
            let name = leak(d.name);
            let place = u16::try_from(catalogue.entries.len()).map_err(|_| d.error("too many kinds"))?;
            if catalogue.names.insert(name, place).is_some() {
                return Err(d.error(format!("`{name}` is defined twice")));
            }
            catalogue.entries.push(CatalogueEntry { name, subject: d.subject, body });
        }
        Ok(catalogue)
    }
}

fn definitions<'a>(file: &'a str, text: &'a str, found: &mut Vec<Definition<'a>>) -> Result<(), CatalogueError> {
    let mut subject = "";
    for (number, line) in (1..).zip(text.lines()) {
        let error = |what: &str| CatalogueError { file: file.to_owned(), line: number, what: what.to_owned() };
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            let (_, title) = heading.split_once(']').ok_or_else(|| error("a heading must end in `]`"))?;
            subject = leak(title.trim());
            continue;
        }
        if line.starts_with(' ') {
            let last = found.last_mut().ok_or_else(|| error("an indented line without a definition before it"))?;
            last.text.push(' ');
            last.text.push_str(line.trim());
            continue;
        }
        let (name, rest) =
            line.split_once(' ').ok_or_else(|| error("expected a name, a space, then `=`, `:` or `!`"))?;
        let sign = rest.chars().next().filter(|c| "=:!".contains(*c));
        let sign = sign.ok_or_else(|| error("expected `=`, `:` or `!` after the name"))?;
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.chars().all(ok) {
            return Err(error("a name consists of lower-case letters, digits and `_`"));
        }
        found.push(Definition { file, line: number, subject, name, sign, text: rest[1..].trim().replace("\\n", "\n") });
    }
    Ok(())
}

/// Parses `a *3 | b | c` to values and weights; the default weight is 1.
fn items(text: &str) -> Result<Vec<(&str, u32)>, NotationError> {
    let item = |item: &str| -> Result<(usize, u32), NotationError> {
        match item.rsplit_once(" *") {
            Some((value, weight)) if weight.bytes().all(|b| b.is_ascii_digit()) => match weight.parse() {
                Ok(weight @ 1..=10_000) => Ok((value.trim_end().len(), weight)),
                _ => Err(NotationError::ListWeight(weight.to_owned())),
            },
            _ => Ok((item.len(), 1)),
        }
    };
    let mut found = Vec::new();
    // A `|` that is part of a value is not followed by a space.
    for part in text.split(" | ").map(|p| p.trim().trim_start_matches("| ")).filter(|p| !p.is_empty()) {
        let (length, weight) = item(part)?;
        found.push((&part[..length], weight));
    }
    match found.len() {
        0 => Err(NotationError::EmptyList),
        _ => Ok(found),
    }
}

/// Parses an inline list of a dictionary to values and weights.
///
/// # Errors
/// The syntax error.
pub fn inline(text: &str) -> Result<Vec<(String, u32)>, NotationError> {
    Ok(items(text)?.into_iter().map(|(value, weight)| (value.to_owned(), weight)).collect())
}
