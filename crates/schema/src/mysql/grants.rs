//! Whether the account has INSERT and SELECT, from `SHOW GRANTS`, which every account may execute for itself.

use crate::error::SchemaError;
use crate::session::Session;

pub(super) struct Grants {
    /// Patterns of `database.table` on which INSERT is granted, and those for SELECT.
    insert: Vec<(String, String)>,
    select: Vec<(String, String)>,
    /// A role is granted, whose privileges are not listed, so all privileges are assumed.
    unknown: bool,
}

impl Grants {
    pub(super) fn read(session: &mut Session) -> Result<Self, SchemaError> {
        let rows = session.rows("the account's grants", "show grants")?;
        Ok(Grants::parse(rows.iter().filter_map(|r| r.values().first()?.as_deref())))
    }

    fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut grants = Grants { insert: Vec::new(), select: Vec::new(), unknown: false };
        for line in lines {
            let Some(line) = line.strip_prefix("GRANT ") else { continue };
            let Some((what, place)) = line.split_once(" ON ") else {
                grants.unknown = true;
                continue;
            };
            let Some(place) = split_place(place.split(" TO ").next().unwrap_or_default()) else { continue };
            for (right, places) in [("INSERT", &mut grants.insert), ("SELECT", &mut grants.select)] {
                let of_columns = format!("{right} (");
                if what.split(", ").any(|w| w == "ALL PRIVILEGES" || w == right || w.starts_with(&of_columns)) {
                    places.push(place.clone());
                }
            }
        }
        grants
    }

    pub(super) fn may_insert(&self, database: &str, table: &str) -> bool {
        let fits = |(d, t): &(String, String)| (d == "*" || like(d, database)) && (t == "*" || t == table);
        self.unknown || (self.insert.iter().any(fits) && self.select.iter().any(fits))
    }
}

/// `` `a`.`b` ``, `*.*`, `` `a`.* `` -> both names unquoted.
fn split_place(place: &str) -> Option<(String, String)> {
    let unquote = |s: &str| match s.strip_prefix('`').and_then(|s| s.strip_suffix('`')) {
        Some(inner) => inner.replace("``", "`"),
        None => s.to_owned(),
    };
    let dot = if place.starts_with('`') { place.find("`.")? + 1 } else { place.find('.')? };
    Some((unquote(&place[..dot]), unquote(&place[dot + 1..])))
}

/// A database pattern of GRANT: `%` and `_` are wildcards, `\` escapes them.
fn like(pattern: &str, text: &str) -> bool {
    fn go(p: &[char], t: &[char]) -> bool {
        match (p, t) {
            ([], t) => t.is_empty(),
            (['%', p @ ..], t) => (0..=t.len()).any(|i| go(p, &t[i..])),
            (['\\', c, p @ ..], [d, t @ ..]) => c == d && go(p, t),
            (['_', p @ ..], [_, t @ ..]) => go(p, t),
            ([c, p @ ..], [d, t @ ..]) => c.eq_ignore_ascii_case(d) && go(p, t),
            (_, []) => false,
        }
    }
    go(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants() {
        let g = Grants::parse(
            [
                "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*X'",
                "GRANT SELECT, INSERT ON `shop\\_%`.* TO `u`@`%`",
                "GRANT INSERT (a, b), UPDATE, SELECT ON `x`.`it``s` TO `u`@`%`",
                "GRANT SELECT ON `x`.`other` TO `u`@`%`",
                "GRANT INSERT ON `x`.`unseen` TO `u`@`%`",
            ]
            .into_iter(),
        );
        assert!(g.may_insert("shop_1", "anything"));
        assert!(!g.may_insert("shopX1", "anything"));
        assert!(g.may_insert("x", "it`s"));
        assert!(!g.may_insert("x", "other"));
        assert!(!g.may_insert("x", "unseen"));
        assert!(
            Grants::parse(["GRANT ALL PRIVILEGES ON *.* TO `r`@`%` WITH GRANT OPTION"].into_iter())
                .may_insert("a", "b")
        );
        assert!(Grants::parse(["GRANT `role`@`%` TO `u`@`%`"].into_iter()).may_insert("a", "b"));
    }
}
