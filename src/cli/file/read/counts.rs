//! `count`: how many rows a table gets.

use saphyr::YamlDataOwned;

use super::{ConfigReader, YamlNode};
use crate::cli::file::FileError;
use crate::cli::file::keys;
use crate::cli::file::keys::ConfigKey;
use crate::cli::parse;
use crate::cli::row_counts::times;
use dbmocker_plan::Scalar;
use dbmocker_planner::{
    COUNT_SHAPES, CountLaw, CountShape, CountShare, DependentCount, PerParent, RequestedRows, nearest,
};

/// The keys of a count that is drawn from a distribution.
#[derive(Default)]
struct DrawnCountKeys {
    shape: Option<CountShape>,
    least: Option<u64>,
    most: Option<u64>,
    mean: Option<f64>,
}

impl ConfigReader<'_> {
    pub(super) fn row_count(&self, node: &YamlNode, key: &ConfigKey) -> Result<RequestedRows, FileError> {
        match &node.data {
            YamlDataOwned::Mapping(_) => Ok(RequestedRows::By(DependentCount::PerParent(self.per_parent(node)?))),
            _ => match self.plain(node) {
                Some(Scalar::Text(text)) if times(&text).is_some() => {
                    Ok(RequestedRows::By(times(&text).expect("it was one a line above")))
                }
                Some(Scalar::Text(text)) if parse::rows(&text).is_err() => {
                    Err(self.wrong(node, key, "a number of rows, `3x users`, or `{per: users, exactly: 3}`"))
                }
                _ => Ok(RequestedRows::Number(self.count(node, key)?)),
            },
        }
    }

    fn per_parent(&self, node: &YamlNode) -> Result<PerParent, FileError> {
        let (mut per, mut by, mut shares) = (None, None, None);
        let mut drawn = DrawnCountKeys::default();
        let mut law_key: Option<&str> = None;
        let mut weight = None;
        for (key, value) in self.section(node, "count", keys::COUNT)? {
            match key.name {
                "per" => per = Some(self.text(value, key)?),
                "by" => by = Some(self.text(value, key)?),
                "weight" => weight = Some((self.text(value, key)?, value)),
                "exactly" | "shares" if shares.is_some() => {
                    return Err(self.error(value, "`exactly` and `shares` contradict each other; keep one".to_owned()));
                }
                "exactly" => {
                    let n = self.count(value, key)?;
                    shares = Some((key.name, value, vec![CountShare { from: n, to: n, share: 1.0 }]));
                }
                "shares" => shares = Some((key.name, value, self.shares(value, key)?)),
                "law" => drawn.shape = Some(self.shape(value, key)?),
                "min" => drawn.least = Some(self.count(value, key)?),
                "max" => drawn.most = Some(self.count(value, key)?),
                _ => {
                    let mean = self.number(value).filter(|m| m.is_finite() && *m >= 0.0);
                    drawn.mean = Some(mean.ok_or_else(|| self.wrong(value, key, "a number, 0 or more"))?);
                }
            }
            if matches!(key.name, "law" | "min" | "max" | "mean") {
                law_key = law_key.or(Some(key.name));
            }
        }
        let per = per.ok_or_else(|| {
            self.error(node, "`count` names no parent; write it as `count: {per: users, exactly: 3}`")
        })?;
        let law = match (shares, law_key) {
            (Some((first, at, _)), Some(second)) => {
                return Err(self.error(at, format!("`{first}` and `{second}` contradict each other; keep one")));
            }
            (Some((.., shares)), None) => CountLaw::Shares(shares),
            (None, None) => {
                let all: Vec<&str> = keys::COUNT.iter().skip(2).map(|k| k.name).collect();
                let message =
                    format!("`count` does not say how many rows for each of `{per}`; add one of {}", all.join(", "));
                return Err(self.error(node, message));
            }
            (None, Some(_)) => {
                let open = if drawn.most.is_some() { CountShape::Uniform } else { CountShape::Geometric };
                let shape = drawn.shape.unwrap_or(open);
                CountLaw::Drawn { shape, least: drawn.least, most: drawn.most, mean: drawn.mean }
            }
        };
        law.counts(1).map_err(|e| self.error(node, format!("`count`: {e}")))?;
        if let Some((_, at)) = &weight
            && (drawn.shape.is_some() || !matches!(law, CountLaw::Drawn { most: None, mean: Some(_), .. }))
        {
            return Err(
                self.error(at, "`weight` needs a `mean`, and only `min` beside it: the weights decide the rest")
            );
        }
        let weight = weight.map(|(column, _)| column);
        Ok(PerParent { per, by, law, weight })
    }

    /// `{1: 0.7, "2-5": 0.3}`
    fn shares(&self, node: &YamlNode, key: &ConfigKey) -> Result<Vec<CountShare>, FileError> {
        let YamlDataOwned::Mapping(_) = &node.data else {
            return Err(self.wrong(node, key, "numbers of rows with their shares"));
        };
        let share = |((numbers, at), value): ((String, &YamlNode), &YamlNode)| {
            let (from, to) = numbers.split_once('-').unwrap_or((&numbers, &numbers));
            let number = |text: &str| text.trim().parse::<u64>().ok();
            let (Some(from), Some(to)) = (number(from), number(to)) else {
                return Err(self.error(at, format!("`{numbers}` is no number of rows; write 3, or \"2-5\"")));
            };
            Ok(CountShare { from, to, share: self.share(value, key)? })
        };
        self.named(node, "shares")?.into_iter().map(share).collect()
    }

    fn shape(&self, node: &YamlNode, key: &ConfigKey) -> Result<CountShape, FileError> {
        let text = self.text(node, key)?;
        let names = || COUNT_SHAPES.iter().map(|(name, _)| (*name).to_owned());
        COUNT_SHAPES.iter().find(|(name, _)| *name == text).map(|(_, shape)| *shape).ok_or_else(|| {
            let like = nearest(&text, names()).map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            let all: Vec<String> = names().collect();
            self.error(node, format!("`{text}` is no law of a count; there are {}{like}", all.join(", ")))
        })
    }
}
