//! Names of people, and the Latin letters that their e-mail addresses are made of.

use super::{StringArena, fold};
use crate::fake::Words;

/// Names, each with its plain spelling: lower-case ASCII letters.
#[derive(Debug)]
pub struct People {
    shown: StringArena,
    plain: StringArena,
}

/// The file's text without `~Akemi` behind names.
pub(super) fn without_plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut skipping = false;
    for c in text.chars() {
        match c {
            '~' => skipping = true,
            ' ' | '\n' => skipping = false,
            _ => {}
        }
        if !skipping {
            out.push(c);
        }
    }
    out
}

/// Lower-case ASCII letters only.
fn plain(name: &str, code: &str) -> String {
    let name = name.to_lowercase();
    let name = match code {
        "de" => name.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"),
        _ => name,
    };
    fold(&name).chars().filter(char::is_ascii_lowercase).collect()
}

impl People {
    /// The list of this name in a language's file.
    pub(super) fn of(text: &str, name: &str, code: &str) -> Option<People> {
        let mut lines = text.lines().skip_while(|l| !l.strip_prefix(name).is_some_and(|rest| rest.starts_with(" =")));
        let first = lines.next()?.split_once('=')?.1;
        let rest: Vec<&str> = lines.take_while(|l| l.starts_with(' ')).collect();
        let whole = format!("{first} {}", rest.join(" "));
        let items = whole.split('|').map(str::trim).filter(|i| !i.is_empty());
        let items = items.map(|i| i.rsplit_once(" *").map_or(i, |(name, _)| name));
        let (mut shown, mut plains) = (Vec::new(), Vec::new());
        for item in items {
            let (name, latin) = item.split_once('~').unwrap_or((item, item));
            shown.push(name);
            plains.push(plain(latin, code));
        }
        People::new(&shown, &plains)
    }

    pub fn of_words(words: &Words) -> People {
        let shown: Vec<&str> = (0..words.len()).map(|i| words.get(i)).collect();
        let plains: Vec<String> = shown.iter().map(|n| plain(n, "en")).collect();
        People::new(&shown, &plains).expect("a list of names")
    }

    fn new(shown: &[&str], plains: &[String]) -> Option<People> {
        let plains: Vec<&str> = plains.iter().map(String::as_str).collect();
        (!shown.is_empty()).then_some(())?;
        Some(People { shown: StringArena::new(shown)?, plain: StringArena::new(&plains)? })
    }

    pub fn len(&self) -> usize {
        self.shown.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn shown(&self, i: usize) -> &str {
        self.shown.get(i)
    }

    /// Lower-case ASCII letters.
    pub fn plain(&self, i: usize) -> &str {
        self.plain.get(i)
    }
}
