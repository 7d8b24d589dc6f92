//! Converts nodes of the tree to entries and values, or returns an error that shows the expected form.

use saphyr::{ScalarOwned, YamlDataOwned};

use super::{ConfigReader, YamlEntry, YamlNode};
use crate::cli::file::FileError;
use crate::cli::file::keys;
use crate::cli::file::keys::{ConfigKey, KeyKind};
use crate::cli::parse;
use dbmocker_plan::{MOST_ROWS, Scalar};
use dbmocker_planner::nearest;
use dbmocker_semantics::{generator, generators};

/// What to write instead of an unknown key.
fn instead(name: &str, known: &[ConfigKey]) -> String {
    let synonyms = keys::SYNONYMS.iter().find(|(word, _)| *word == name).map_or(&[][..], |(_, keys)| keys);
    if let Some(key) = synonyms.iter().find_map(|s| known.iter().find(|k| k.name == *s)) {
        let example =
            if key.example.is_empty() { String::new() } else { format!(", e.g. `{}: {}`", key.name, key.example) };
        return format!("it is `{}` here{example}", key.name);
    }
    match nearest(name, known.iter().map(|k| k.name.to_owned())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.iter().map(|k| k.name).collect::<Vec<_>>().join(", ")),
    }
}

impl ConfigReader<'_> {
    /// The entries of a mapping with known keys; a missing value is an empty mapping.
    pub(super) fn section<'n>(
        &self,
        node: &'n YamlNode,
        of: &str,
        known: &'static [ConfigKey],
    ) -> Result<Vec<(&'static ConfigKey, &'n YamlNode)>, FileError> {
        let mut out: Vec<(&'static ConfigKey, &YamlNode)> = Vec::new();
        for ((name, at), value) in self.named(node, of)? {
            let Some(key) = known.iter().find(|k| k.name == name) else {
                return Err(self.error(at, format!("unknown key `{name}` in {of}; {}", instead(&name, known))));
            };
            let empty = matches!(value.data, YamlDataOwned::Value(ScalarOwned::Null));
            if !empty || matches!(key.kind, KeyKind::Scalar) {
                out.push((key, value));
            }
        }
        Ok(out)
    }

    /// The entries of a mapping, each key once.
    pub(super) fn named<'n>(&self, node: &'n YamlNode, of: &str) -> Result<Vec<YamlEntry<'n>>, FileError> {
        let entries = match &node.data {
            YamlDataOwned::Mapping(entries) => entries,
            YamlDataOwned::Value(ScalarOwned::Null) => return Ok(Vec::new()),
            _ => return Err(self.error(node, format!("{of} must be a mapping, `key: value` on lines of their own"))),
        };
        let name = |key: &'n YamlNode| match &key.data {
            YamlDataOwned::Mapping(_) | YamlDataOwned::Sequence(_) => Err(self.error(key, "a key must be a name")),
            // `null: true` of a rule.
            YamlDataOwned::Value(ScalarOwned::Null) => Ok(("null".to_owned(), key)),
            _ => Ok((self.plain(key).map_or_else(String::new, |s| s.to_string()), key)),
        };
        entries.iter().map(|(key, value)| Ok((name(key)?, value))).collect()
    }

    pub(super) fn plain(&self, node: &YamlNode) -> Option<Scalar> {
        let YamlDataOwned::Value(scalar) = &node.data else { return None };
        Some(match scalar {
            ScalarOwned::Null => Scalar::Null,
            ScalarOwned::Boolean(b) => Scalar::Bool(*b),
            ScalarOwned::Integer(i) => Scalar::Int(*i),
            ScalarOwned::FloatingPoint(x) => Scalar::Float(x.into_inner()),
            ScalarOwned::String(s) => Scalar::Text(s.clone()),
        })
    }

    pub(super) fn wrong(&self, node: &YamlNode, key: &ConfigKey, what: &str) -> FileError {
        self.error(node, format!("`{}` must be {what}, e.g. `{}: {}`", key.name, key.name, key.example))
    }

    pub(super) fn scalar(&self, node: &YamlNode, key: &ConfigKey) -> Result<Scalar, FileError> {
        self.written(node).ok_or_else(|| self.wrong(node, key, "one value"))
    }

    /// A value; a number with digits that it does not need, such as `01234` or `1.10`, keeps them for columns of texts.
    fn written(&self, node: &YamlNode) -> Option<Scalar> {
        let plain = self.plain(node)?;
        if !matches!(plain, Scalar::Int(_) | Scalar::Float(_)) {
            return Some(plain);
        }
        let range = node.span.start.index()..node.span.end.index();
        let text: String = self.chars.get(range).unwrap_or_default().iter().collect();
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let (whole, rest) = text.split_once('.').unwrap_or((&text, "0"));
        let number = digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(rest);
        Some(if number && text != plain.to_string() { Scalar::Text(text) } else { plain })
    }

    pub(super) fn count(&self, node: &YamlNode, key: &ConfigKey) -> Result<u64, FileError> {
        let found = match self.plain(node) {
            Some(Scalar::Int(i)) => u64::try_from(i).ok(),
            Some(Scalar::Text(t)) => parse::rows(&t).ok(),
            _ => None,
        };
        match found {
            Some(n) if n > MOST_ROWS => Err(self.wrong(node, key, "at most 1000000000000000")),
            Some(n) => Ok(n),
            None => Err(self.wrong(node, key, "a whole number, 0 or more")),
        }
    }

    pub(super) fn above_none(&self, node: &YamlNode, key: &ConfigKey) -> Result<u64, FileError> {
        match self.count(node, key)? {
            0 => Err(self.wrong(node, key, "1 or more")),
            n => Ok(n),
        }
    }

    pub(super) fn small(&self, node: &YamlNode, key: &ConfigKey) -> Result<u32, FileError> {
        u32::try_from(self.count(node, key)?).map_err(|_| self.wrong(node, key, "a smaller number"))
    }

    /// `2000..8000`, `2KiB..40KiB`, `16`.
    pub(super) fn length(&self, node: &YamlNode, key: &ConfigKey) -> Result<(u32, u32), FileError> {
        let text = self.text(node, key)?;
        let (from, to) = text.split_once("..").unwrap_or((&text, &text));
        let number = |text: &str| dbmocker_files::size::parse(text.trim()).ok().and_then(|n| u32::try_from(n).ok());
        match (number(from), number(to)) {
            (Some(from), Some(to)) if from <= to => Ok((from, to)),
            _ => Err(self.wrong(node, key, "a number, or the least and the most")),
        }
    }

    pub(super) fn flag(&self, node: &YamlNode, key: &ConfigKey) -> Result<bool, FileError> {
        match self.plain(node) {
            Some(Scalar::Bool(b)) => Ok(b),
            _ => Err(self.wrong(node, key, "true or false")),
        }
    }

    pub(super) fn share(&self, node: &YamlNode, key: &ConfigKey) -> Result<f64, FileError> {
        let number = match self.plain(node) {
            Some(Scalar::Text(text)) => parse::percent(&text).ok(),
            _ => self.number(node),
        };
        number
            .filter(|p| (0.0..=1.0).contains(p))
            .ok_or_else(|| self.wrong(node, key, "a number from 0 to 1, or a percentage"))
    }

    /// Reads a weight: a number, or a percentage.
    pub(super) fn weight(&self, node: &YamlNode) -> Option<f64> {
        match self.plain(node)? {
            Scalar::Text(text) => text.trim().strip_suffix('%').and_then(|_| parse::percent(&text).ok()),
            _ => self.number(node),
        }
    }

    pub(super) fn number(&self, node: &YamlNode) -> Option<f64> {
        match self.plain(node)? {
            Scalar::Int(i) => Some(i as f64), // weights and shares need no more digits
            Scalar::Float(x) => Some(x),
            _ => None,
        }
    }

    pub(super) fn text(&self, node: &YamlNode, key: &ConfigKey) -> Result<String, FileError> {
        match self.plain(node) {
            Some(Scalar::Null) | None => Err(self.wrong(node, key, "text")),
            Some(s) => Ok(s.to_string()),
        }
    }

    pub(super) fn mode(&self, node: &YamlNode, key: &ConfigKey) -> Result<&'static str, FileError> {
        let text = self.text(node, key)?;
        keys::MODES.into_iter().find(|m| *m == text).ok_or_else(|| {
            let like = nearest(&text, keys::MODES.iter().map(ToString::to_string));
            let like = like.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            self.error(node, format!("`{text}` is no duplicate_mode; there are {}{like}", keys::MODES.join(", ")))
        })
    }

    pub(super) fn generator(&self, node: &YamlNode, key: &ConfigKey) -> Result<String, FileError> {
        let name = self.text(node, key)?;
        if generator(&name).is_some() {
            return Ok(name);
        }
        let like = nearest(&name, generators().into_iter().map(|g| g.name.to_owned()));
        let like = like.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
        Err(self.error(node, format!("no generator `{name}`{like} (`dbmocker generators` lists them)")))
    }

    pub(super) fn scalars(&self, node: &YamlNode, key: &ConfigKey) -> Result<Vec<Scalar>, FileError> {
        let YamlDataOwned::Sequence(items) = &node.data else { return Err(self.wrong(node, key, "a list")) };
        if items.is_empty() {
            return Err(self.wrong(node, key, "a list of one value or more"));
        }
        items.iter().map(|item| self.scalar(item, key)).collect()
    }

    /// Values of a list, of a column or of a member of documents, whose numbers are no texts.
    pub(super) fn listed(&self, node: &YamlNode, key: &ConfigKey, member: bool) -> Result<Vec<Scalar>, FileError> {
        if matches!(node.data, YamlDataOwned::Mapping(_)) {
            let instead = "values with weights are `weighted_values: {new: 3, used: 1}`";
            return Err(self.error(node, format!("`{}` must be a list; {instead}", key.name)));
        }
        let values = self.scalars(node, key)?;
        let YamlDataOwned::Sequence(items) = &node.data else { return Ok(values) };
        let plain = |(item, value): (&YamlNode, Scalar)| self.plain(item).filter(|_| member).unwrap_or(value);
        Ok(items.iter().zip(values).map(plain).collect())
    }

    /// `{app.tenant_id: 7, role: loader}`.
    pub(super) fn session(&self, node: &YamlNode, key: &ConfigKey) -> Result<Vec<(String, String)>, FileError> {
        let one = |((name, at), value): (_, &YamlNode)| {
            let (name, at): (String, &YamlNode) = (name, at);
            let setting = format!("{name}={}", self.text(value, key)?);
            parse::session_setting(&setting).map_err(|why| self.error(at, why.to_string()))
        };
        self.named(node, "session")?.into_iter().map(one).collect()
    }

    /// Texts; `db: billing` without quotes is one as well.
    pub(super) fn patterns(&self, node: &YamlNode, key: &ConfigKey) -> Result<Vec<String>, FileError> {
        let YamlDataOwned::Sequence(items) = &node.data else { return Err(self.wrong(node, key, "a list")) };
        let one = |item: &YamlNode| match &item.data {
            YamlDataOwned::Mapping(entries) if entries.len() == 1 => {
                let (what, name) = entries.iter().next().expect("there is one");
                Ok(format!("{}: {}", self.scalar(what, key)?, self.scalar(name, key)?))
            }
            _ => Ok(self.scalar(item, key)?.to_string()),
        };
        items.iter().map(one).collect()
    }

    pub(super) fn weights(&self, node: &YamlNode, key: &ConfigKey) -> Result<Vec<(Scalar, f64)>, FileError> {
        self.weighted(node, key, false)
    }

    /// Values with weights, of a column or of a member of documents, whose numbers are no texts.
    pub(super) fn weighted(
        &self,
        node: &YamlNode,
        key: &ConfigKey,
        member: bool,
    ) -> Result<Vec<(Scalar, f64)>, FileError> {
        let scalar = |node: &YamlNode| match self.plain(node).filter(|_| member) {
            Some(plain) => Ok(plain),
            None => self.scalar(node, key),
        };
        let weight = |node: &YamlNode| {
            let found = self.weight(node).filter(|w| w.is_finite() && *w >= 0.0);
            found.ok_or_else(|| self.error(node, "a weight must be a number, 0 or more"))
        };
        match &node.data {
            YamlDataOwned::Mapping(entries) => {
                entries.iter().map(|(value, w)| Ok((scalar(value)?, weight(w)?))).collect()
            }
            YamlDataOwned::Sequence(items) => items
                .iter()
                .map(|item| {
                    let entries = self.named(item, "an entry of `weighted_values`")?;
                    let of = |name: &str| entries.iter().find(|((n, _), _)| n == name).map(|(_, v)| *v);
                    match (of("value"), of("weight"), entries.len()) {
                        (Some(value), Some(w), 2) => Ok((scalar(value)?, weight(w)?)),
                        _ => Err(self.error(item, "an entry must be `{value: ..., weight: ...}`")),
                    }
                })
                .collect(),
            _ => Err(self.wrong(node, key, "values with weights")),
        }
    }
}
