//! Which columns say what the rows of another table come to that belong to their row, by names: `item_count`,
//! `total_spent`, `rating_avg`, `last_message_at`.

use super::amounts::{Amount, amount, in_cents};
use super::names::Name;
use super::roles::thing;

/// What a column says of the rows of another table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    Count,
    /// The sum, or the mean, of this column of theirs.
    Sum(usize),
    Mean(usize),
    /// The sum of what was paid.
    Money,
    /// When the first, or the last, of them began.
    First,
    Last,
}

/// A table whose rows point at a parent's.
#[derive(Debug, Clone, Copy)]
pub struct Branch<'a> {
    pub table: &'a str,
    pub parent: &'a str,
    /// Its columns that hold numbers and are no keys.
    pub numbers: &'a [(usize, &'a str)],
}

/// Words for the same things.
const SAME: &[&[&str]] = &[
    &["item", "line", "line item", "position", "detail", "entry"],
    &["review", "rating", "feedback"],
    &["member", "membership"],
    &["follower", "follow"],
    &["student", "enrollment", "enrolment", "registration"],
    &["participant", "attendee", "registration", "attendance"],
    &["order", "purchase"],
    &["booking", "reservation"],
    &["comment", "reply", "response"],
    &["subscriber", "subscription"],
    &["login", "session"],
];

/// Tables of lines, of which a document's amount is the sum.
const LINES: &[&str] = &["item", "line", "detail", "position", "entry"];

/// Totals of money, and the tables that they are of, the likeliest first.
const MONEY: &[(&[&str], &[&str])] = &[
    (
        &[
            "spent",
            "spend",
            "spending",
            "lifetime value",
            "ltv",
            "revenue",
            "sale",
            "turnover",
            "purchase",
            "purchased",
        ],
        &[
            "order",
            "purchase",
            "sale",
            "invoice",
            "booking",
            "reservation",
            "rental",
            "transaction",
            "payment",
            "ticket",
        ],
    ),
    (&["paid", "payment"], &["payment", "transaction", "receipt"]),
    (&["donated", "raised", "donation", "pledged"], &["donation", "pledge", "contribution"]),
    (&["refunded", "refund"], &["refund"]),
];

/// The first word, and those behind it.
fn behind<'a>(words: &'a [String], fronts: &[&str]) -> Option<&'a [String]> {
    words
        .split_first()
        .filter(|(front, rest)| fronts.contains(&front.as_str()) && !rest.is_empty())
        .map(|(_, rest)| rest)
}

/// The last word, and those before it.
fn before<'a>(words: &'a [String], ends: &[&str]) -> Option<&'a [String]> {
    words.split_last().filter(|(end, rest)| ends.contains(&end.as_str()) && !rest.is_empty()).map(|(_, rest)| rest)
}

/// Whether words name a branch's rows; the better, the higher the number.
fn is_called(what: &[String], branch: Branch<'_>) -> Option<u8> {
    let (own, parent) = (thing(branch.table).words, thing(branch.parent).words);
    let rest = own.strip_prefix(&parent[..]).filter(|rest| !rest.is_empty());
    if what == own || rest == Some(what) {
        return Some(5);
    }
    if own.ends_with(what) {
        return Some(4);
    }
    let ends = |words: &[String], phrase: &str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.len() >= phrase.len() && words[words.len() - phrase.len()..].iter().eq(&phrase)
    };
    let all = |phrase: &str| what.iter().map(String::as_str).eq(phrase.split(' '));
    let same = SAME.iter().any(|same| same.iter().any(|s| all(s)) && same.iter().any(|s| ends(&own, s)));
    same.then_some(3)
}

/// The same for words of what happened: `ordered` of orders.
fn has_happened(what: &[String], branch: Branch<'_>) -> Option<u8> {
    let [verb] = what else { return None };
    let stem = verb.strip_suffix("ed")?;
    [stem.to_owned(), format!("{stem}e")].into_iter().find_map(|noun| is_called(&[noun], branch))
}

/// The branch's number of this name.
fn number(what: &[String], branch: Branch<'_>) -> Option<(usize, u8)> {
    let of = |words: &[String]| if words == what { Some(4) } else { words.ends_with(what).then_some(2) };
    let found = branch.numbers.iter().filter_map(|(c, name)| Some((*c, of(&thing(name).words)?)));
    found.max_by_key(|(c, rank)| (*rank, std::cmp::Reverse(*c)))
}

/// Amounts that a row's own arithmetic makes.
fn is_own(column: &str) -> bool {
    use Amount::{Before, Consumption, Days, Hours, Minutes, Obtained, Quantity, Seconds, Weight};
    let several = [Before, Consumption, Days, Hours, Minutes, Obtained, Quantity, Seconds, Weight];
    amount(column).is_some_and(|a| !several.contains(&a))
}

/// What a parent's column says of a branch; the better, the higher the number.
pub fn total(column: &str, branch: Branch<'_>) -> Option<(Total, u8)> {
    let name = thing(column);
    let words = &name.words[..];
    let moment = before(words, &["at", "date", "on", "time"]).unwrap_or(words);
    for (fronts, total) in [(&["last", "latest", "newest"][..], Total::Last), (&["first", "earliest"], Total::First)] {
        if let Some(what) = behind(moment, fronts) {
            return is_called(what, branch).or_else(|| has_happened(what, branch)).map(|rank| (total, rank));
        }
    }
    let averages = ["avg", "average", "mean"];
    if let Some(what) = before(words, &averages).or_else(|| behind(words, &averages)) {
        return mean(what, branch);
    }
    if words == ["rating"] || words == ["star"] {
        let reviews = is_called(&["review".to_owned()], branch)?;
        return mean(words, branch).map(|(total, rank)| (total, rank.min(reviews)));
    }
    let money = || {
        let (_, tables) = MONEY.iter().find(|(phrases, _)| phrases.iter().any(|p| name.ends(p)))?;
        let own = thing(branch.table);
        let at = tables.iter().position(|t| own.ends(t))?;
        u8::try_from(100 - at).ok().map(|rank| (Total::Money, rank))
    };
    if let Some(what) = before(words, &["count"]).or_else(|| behind(words, &["count", "number"])) {
        let what = behind(what, &["total", "of"]).unwrap_or(what);
        return is_called(what, branch).map(|rank| (Total::Count, rank));
    }
    let sums = ["total", "sum"];
    let Some(what) = behind(words, &sums).or_else(|| before(words, &sums)) else { return money() };
    let known = money();
    if known.is_some() || is_own(column) {
        return known;
    }
    let count = is_called(what, branch).map(|rank| (Total::Count, rank));
    count.or_else(|| number(what, branch).map(|(c, rank)| (Total::Sum(c), rank)))
}

fn mean(what: &[String], branch: Branch<'_>) -> Option<(Total, u8)> {
    let (c, rank) = number(what, branch)?;
    let named = is_called(what, branch).unwrap_or(0);
    Some((Total::Mean(c), rank + named))
}

/// Whether a column is the mean, and the other one the number, of the same things.
pub fn is_mean_of(mean: &str, count: &str) -> bool {
    let (mean, count) = (thing(mean).words, thing(count).words);
    let averages = ["avg", "average", "mean"];
    let what = before(&mean, &averages).or_else(|| behind(&mean, &averages)).unwrap_or(&mean);
    let of = before(&count, &["count"]).or_else(|| behind(&count, &["count", "number", "total"]));
    let same = |a: &[String], b: &[String]| {
        let word = |w: &[String], s: &str| w.len() == 1 && w[0] == s;
        a == b || SAME.iter().any(|same| same.iter().any(|s| word(a, s)) && same.iter().any(|s| word(b, s)))
    };
    of.is_some_and(|of| same(what, of))
}

/// Whether a table's rows are the lines of its parent's: `line` says that they hold a quantity and a price.
pub fn are_lines(table: &str, line: bool) -> bool {
    line || thing(table).ends_any(LINES)
}

/// The parts of a row that are the sum of its lines: the first that it has.
pub const SUMMED: [Amount; 5] = [Amount::Subtotal, Amount::Net, Amount::Total, Amount::Gross, Amount::Line];

/// A row's column of money, the first of these parts that it has.
pub fn money(numbers: &[(usize, &str)], parts: &[Amount], cents: bool) -> Option<usize> {
    let of = |part: &Amount| {
        let found = |(_, name): &&(usize, &str)| amount(name) == Some(*part) && in_cents(name) == cents;
        numbers.iter().find(found).map(|(c, _)| *c)
    };
    parts.iter().find_map(of)
}

/// Whether a key is named after the table that it leads to.
pub fn leads_to(key: &str, parent: &str) -> bool {
    let mut words = Name::new(key).words;
    if words.len() > 1 && words.last().is_some_and(|w| matches!(w.as_str(), "id" | "key" | "code" | "uuid" | "number"))
    {
        words.pop();
    }
    thing(parent).words.ends_with(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_rows_come_to() {
        let of = |column, table, parent| {
            let numbers = [(3, "rating"), (4, "hours"), (5, "total_amount")];
            total(column, Branch { table, parent, numbers: &numbers }).map(|(total, _)| total)
        };
        for (column, table, parent, expected) in [
            ("item_count", "order_items", "orders", Some(Total::Count)),
            ("item_count", "order_lines", "orders", Some(Total::Count)),
            ("comments_count", "comments", "posts", Some(Total::Count)),
            ("comment_count", "post_comments", "posts", Some(Total::Count)),
            ("total_orders", "orders", "customers", Some(Total::Count)),
            ("number_of_pages", "pages", "books", Some(Total::Count)),
            ("num_products", "products", "categories", Some(Total::Count)),
            ("rating_count", "reviews", "products", Some(Total::Count)),
            ("rating_avg", "reviews", "products", Some(Total::Mean(3))),
            ("average_rating", "reviews", "products", Some(Total::Mean(3))),
            ("rating", "reviews", "products", Some(Total::Mean(3))),
            ("rating", "orders", "customers", None),
            ("total_hours", "timesheets", "projects", Some(Total::Sum(4))),
            ("total_spent", "orders", "customers", Some(Total::Money)),
            ("lifetime_value", "orders", "customers", Some(Total::Money)),
            ("total_spent", "reviews", "customers", None),
            ("total_amount", "orders", "customers", None),
            ("last_message_at", "messages", "conversations", Some(Total::Last)),
            ("last_order_date", "orders", "customers", Some(Total::Last)),
            ("last_ordered_at", "orders", "customers", Some(Total::Last)),
            ("last_login_at", "orders", "customers", None),
            ("order_number", "orders", "customers", None),
            ("first_name", "orders", "customers", None),
        ] {
            assert_eq!(of(column, table, parent), expected, "{column} of {table}");
        }
        assert!(is_mean_of("rating_avg", "rating_count") && is_mean_of("avg_rating", "review_count"));
        assert!(!is_mean_of("rating_avg", "item_count"));
        assert!(leads_to("customer_id", "customers") && !leads_to("referrer_id", "customers"));
    }
}
