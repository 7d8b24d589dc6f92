//! References that are not declared as foreign keys: `author_id` to `users`, `currency` to `currencies(code)`.
//!
//! Data in: names as words, without a prefix that all tables, or all columns of a table, have in common. Data out: a
//! score of how well a column's name matches a table and its key.

use super::roles::singular;

/// Tables of people, to which columns named after a role (`author_id`) refer.
const PEOPLE: &[&str] = &["user", "account", "person", "people", "member", "employee", "staff"];
/// Roles of people that columns are named after.
const ROLES: &[&[&str]] = &[
    &["author"],
    &["owner"],
    &["creator"],
    &["editor"],
    &["sender"],
    &["recipient"],
    &["receiver"],
    &["reviewer"],
    &["assignee"],
    &["reporter"],
    &["moderator"],
    &["uploader"],
    &["follower"],
    &["followee"],
    &["created", "by"],
    &["updated", "by"],
    &["modified", "by"],
    &["deleted", "by"],
    &["approved", "by"],
    &["reviewed", "by"],
    &["cancelled", "by"],
    &["uploaded", "by"],
    &["invited", "by"],
    &["assigned", "to"],
    &["assigned", "by"],
    &["changed", "by"],
    &["performed", "by"],
];
/// Names of keys that do not contain the table's name.
const PLAIN_KEYS: &[&str] = &["id", "key", "no", "number", "num", "uuid", "guid", "pk"];
/// Columns that identify a row although they are not its primary key.
const IDENTIFYING: &[&str] = &["version", "code", "slug", "sku", "symbol", "isbn", "abbreviation"];

/// Last words of columns that describe a row, even where they are unique: the same name in another table describes that
/// table's rows.
const DESCRIBING: &[&str] = &[
    "email",
    "mail",
    "phone",
    "mobile",
    "telephone",
    "fax",
    "website",
    "url",
    "domain",
    "name",
    "title",
    "label",
    "token",
    "hash",
    "address",
    "password",
    "iban",
    "description",
];

/// A table that a column may refer to, and one of that table's columns.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceTarget<'a> {
    pub table: &'a [String],
    pub key: &'a [String],
    /// `key` is the table's only key column.
    pub is_key: bool,
    /// The table is the referring column's own table.
    pub own: bool,
    /// The key is a text.
    pub text: bool,
}

/// Whether a column of a table may be the target of a reference: its only key column, or one that identifies its row.
pub fn may_be_target(key: &[String], is_key: bool) -> bool {
    is_key || is_identifying(key)
}

fn is_identifying(key: &[String]) -> bool {
    matches!(key, [only] if IDENTIFYING.contains(&only.as_str()))
}

/// A score from 1 to 7 of how well the column's name matches the target; `None` if it does not. `loose`: the schema
/// declares no foreign keys at all, so that a table's name without its key also matches.
pub fn fit(column: &[String], target: &ReferenceTarget<'_>, loose: bool) -> Option<u8> {
    let ReferenceTarget { table, key, is_key, own, text } = *target;
    let ends = |words: &[String]| column.ends_with(words);
    let plain = matches!(key, [only] if PLAIN_KEYS.contains(&only.as_str()));
    let named = |words: &[String]| {
        let before = column.strip_suffix(key);
        before.is_some_and(|before| before.ends_with(words))
    };
    let is_named = |words: &[String]| column.len() == words.len() + key.len() && named(words);
    match () {
        // `release_version` and `releases(version)`.
        () if !is_key => (is_identifying(key) && !own && is_named(table)).then_some(3),
        () if own => is_parent(column, table, key).then_some(6),
        // `custno` in both tables.
        () if !plain
            && column == key
            && (key.len() > 1 || key[0].len() > 4)
            && !IDENTIFYING.contains(&key[0].as_str())
            && !key.last().is_some_and(|word| DESCRIBING.contains(&word.as_str())) =>
        {
            Some(7)
        }
        () if plain && is_named(table) => Some(7),
        () if plain && named(table) => Some(5),
        () if !plain && key.len() > 1 && ends(key) => Some(5),
        () if text && !plain && column == table => Some(4),
        () if text && !plain && is_named(table) => Some(7),
        () if plain && named(&table[table.len().saturating_sub(1)..]) => Some(3),
        () if loose && !text && ends(table) => Some(2),
        () if !text
            && is_role(column)
            && PEOPLE.contains(&table.last().map_or("", String::as_str))
            && table.len() == 1 =>
        {
            Some(2)
        }
        () => None,
    }
}

/// Whether the column refers to the row's parent in its own table: `parent_id`, `comment_parent`, `parent_comment_id`,
/// `reply_to_id`.
fn is_parent(column: &[String], table: &[String], key: &[String]) -> bool {
    let rest: Vec<&str> = column.iter().map(String::as_str).collect();
    let rest = match rest.as_slice() {
        [rest @ .., last] if key.last().is_some_and(|k| k == last) && !rest.is_empty() => rest,
        rest => rest,
    };
    let all_of_table = |w: &[&str]| w.iter().all(|w| table.iter().any(|t| t == w));
    match rest {
        ["parent"] | ["reply", "to"] | ["in", "reply", "to"] | ["replied", "to"] => true,
        ["parent", rest @ ..] | [rest @ .., "parent"] => all_of_table(rest),
        _ => false,
    }
}

fn is_role(column: &[String]) -> bool {
    let words = match column {
        [rest @ .., last] if last == "id" => rest,
        words => words,
    };
    let ends = |role: &&[&str]| {
        let mut words = words.iter().rev();
        role.iter().rev().all(|of_role| words.next().is_some_and(|word| word == of_role))
    };
    ROLES.iter().any(ends)
}

/// The words of a name in the singular, without the common prefix.
pub fn words(name: &str, prefix: Option<&str>) -> Vec<String> {
    let words = singular(name).words;
    match (words.as_slice(), prefix) {
        ([first, rest @ ..], Some(prefix)) if first == prefix && !rest.is_empty() => rest.to_vec(),
        _ => words,
    }
}

/// The word that at least three names, and at least 70% of them, begin with; `None` if there is none.
pub fn prefix<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<Vec<String>> = names.map(|n| singular(n).words).collect();
    let first = names.iter().find_map(|words| (words.len() > 1).then(|| words[0].clone()));
    let counted = |first: &String| names.iter().filter(|w| w.len() > 1 && w[0] == *first).count();
    let best = names.iter().filter(|w| w.len() > 1).map(|w| &w[0]).max_by_key(|w| counted(w)).cloned().or(first)?;
    let count = counted(&best);
    (count >= 3 && count * 10 >= names.len() * 7).then_some(best)
}

/// The words before `type`, `class`, `model` or `kind`: `owner` for `owner_type`; `None` for other names.
pub fn kind_stem(name: &str) -> Option<String> {
    stem(name, &["type", "class", "model", "kind"])
}

/// The words before `id`: `owner` for `owner_id`; `None` for other names.
pub fn id_stem(name: &str) -> Option<String> {
    stem(name, &["id"])
}

fn stem(name: &str, ends: &[&str]) -> Option<String> {
    match singular(name).words.as_slice() {
        [stem @ .., last] if !stem.is_empty() && ends.contains(&last.as_str()) => Some(stem.join(" ")),
        _ => None,
    }
}

/// How a polymorphic reference's type column names a table: as a class (`BlogPost`) for stems such as `commentable`,
/// else in snake case.
pub fn spelled(stem: &str, table: &[String]) -> String {
    if stem.ends_with("able") {
        let capital = |w: &String| w[..1].to_uppercase() + &w[1..];
        return table.iter().filter(|w| w.is_char_boundary(1)).map(capital).collect();
    }
    table.join("_")
}

/// Whether a value of a polymorphic reference's type column names a table, as a class, a path or in snake case.
pub fn names(value: &str, table: &[String]) -> bool {
    let last = value.rsplit(['\\', '.', ':', '/']).next().unwrap_or(value);
    singular(last).words == table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(column: &str, table: &str, key: &str) -> Option<u8> {
        let (column, table, key) = (words(column, None), words(table, None), words(key, None));
        let target = ReferenceTarget { table: &table, key: &key, is_key: true, own: false, text: false };
        fit(&column, &target, false)
    }

    #[test]
    fn fit_scores_references_by_name() {
        assert_eq!(score("email", "employees", "email"), None);
        assert_eq!(score("custno", "customers", "custno"), Some(7));
        for (column, table, key) in [
            ("member_id", "members", "id"),
            ("MemberID", "Members", "ID"),
            ("parent_post_id", "posts", "id"),
            ("order_id", "sales_orders", "id"),
            ("custno", "customers", "custno"),
            ("billing_customer_id", "customers", "customer_id"),
            ("created_by", "users", "id"),
            ("author_id", "users", "id"),
        ] {
            assert!(score(column, table, key).is_some(), "{column} of {table}({key})");
        }
        for (column, table, key) in [
            ("external_id", "members", "id"),
            ("name", "names", "id"),
            ("id", "members", "id"),
            ("page", "pages", "id"),
            ("created_by", "orders", "id"),
            ("code", "currencies", "code"),
        ] {
            assert_eq!(score(column, table, key), None, "{column} of {table}({key})");
        }
        assert!(score("member_id", "members", "id") > score("member_id", "board_members", "id"));
    }

    #[test]
    fn parent_columns_refer_to_the_own_table() {
        for (column, parent) in [
            ("parent_id", true),
            ("parent_comment_id", true),
            ("comment_parent", true),
            ("reply_to_id", true),
            ("comment_id", false),
        ] {
            let (table, key, column) = (words("article_comments", None), words("id", None), words(column, None));
            let target = ReferenceTarget { table: &table, key: &key, is_key: true, own: true, text: false };
            assert_eq!(fit(&column, &target, false).is_some(), parent, "{column:?}");
        }
    }

    #[test]
    fn common_prefix_is_removed() {
        let first = |names: &[&str]| prefix(names.iter().copied());
        assert_eq!(first(&["wp_posts", "wp_users", "wp_links", "wp_options"]), Some("wp".into()));
        assert_eq!(first(&["orders", "order_items", "users"]), None);
        assert_eq!(words("wp_post_meta", Some("wp")), ["post", "meta"]);
    }

    #[test]
    fn polymorphic_references_have_one_stem() {
        assert_eq!(kind_stem("commentable_type"), Some("commentable".into()));
        assert_eq!(id_stem("commentable_id"), Some("commentable".into()));
        assert_eq!((kind_stem("type"), id_stem("id")), (None, None));
        assert_ne!(kind_stem("entity_type"), id_stem("owner_id"));
        assert_eq!(spelled("commentable", &words("blog_posts", None)), "BlogPost");
        assert_eq!(spelled("entity", &words("blog_posts", None)), "blog_post");
        assert!(
            names("App\\Models\\BlogPost", &words("blog_posts", None))
                && names("blog_posts", &words("blog_posts", None))
        );
    }
}
