//! Columns that aggregate the rows of a child table, by their names: `item_count`, `total_spent`, `rating_avg`,
//! `last_message_at`.

use super::amounts::{Amount, amount, in_cents};
use super::names::Name;
use super::roles::singular;

/// An aggregate over the rows of a child table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildAggregate {
    Count,
    /// The sum, or the mean, of this column of the child table.
    Sum(usize),
    Mean(usize),
    /// The sum of the amounts paid.
    Money,
    /// The creation time of the first, or the last, child row.
    First,
    Last,
}

/// A table with a foreign key to the parent.
#[derive(Debug, Clone, Copy)]
pub struct ChildTable<'a> {
    pub table: &'a str,
    pub parent: &'a str,
    /// Its number columns that are in no key: index and name.
    pub numbers: &'a [(usize, &'a str)],
}

/// Synonyms: a column named after one may aggregate a table named after another.
const SAME: &[&[&str]] = &[
    &["item", "line", "line item", "position", "detail", "entry"],
    &["review", "rating", "feedback"],
    &["member", "membership", "agent", "user", "employee", "player", "person", "people", "staff"],
    &["reply", "comment", "response", "message"],
    &["transaction", "account transaction", "entry"],
    &["follower", "follow"],
    &["following", "follow", "follower"],
    &["friend", "friendship"],
    &["student", "enrollment", "enrolment", "registration"],
    &["participant", "attendee", "registration", "attendance"],
    &["order", "purchase"],
    &["booking", "reservation"],
    &["comment", "reply", "response"],
    &["subscriber", "subscription"],
    &["login", "session"],
    &["employee", "payslip", "pay slip", "staff"],
    &["visit", "encounter", "appointment", "consultation"],
    &["attendee", "participant", "enrollment"],
    &["enrolled", "enrollment", "enrolment", "registration"],
    &["registered", "registration", "registrant"],
    &["subscribed", "subscription"],
    &["received", "receipt", "goods receipt"],
];

/// Most words of a comment that name a table.
const MOST_WORDS: usize = 3;

/// Tables of lines, whose sum is the document's amount.
const LINES: &[&str] = &["item", "line", "detail", "position", "entry"];

/// Phrases for totals of money, and the tables that they are summed from, the most likely first.
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

/// The words after the first one, if that is one of `fronts` and is not the only word.
fn after_prefix<'a>(words: &'a [String], fronts: &[&str]) -> Option<&'a [String]> {
    words
        .split_first()
        .filter(|(front, rest)| fronts.contains(&front.as_str()) && !rest.is_empty())
        .map(|(_, rest)| rest)
}

/// The words before the last one, if that is one of `ends` and is not the only word.
fn before_suffix<'a>(words: &'a [String], ends: &[&str]) -> Option<&'a [String]> {
    words.split_last().filter(|(end, rest)| ends.contains(&end.as_str()) && !rest.is_empty()).map(|(_, rest)| rest)
}

/// How well words name a child table's rows, from 3 to 5 (higher is a better match); `None` if they do not.
fn name_score(what: &[String], child: ChildTable<'_>) -> Option<u8> {
    let (own, parent) = (singular(child.table).words, singular(child.parent).words);
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

/// As [`name_score`], for a participle: `ordered` names orders.
fn participle_score(what: &[String], child: ChildTable<'_>) -> Option<u8> {
    let [verb] = what else { return None };
    let stem = verb.strip_suffix("ed")?;
    [stem.to_owned(), format!("{stem}e")].into_iter().find_map(|noun| name_score(&[noun], child))
}

/// The child table's number column with this name, and how well it matches.
fn number(what: &[String], child: ChildTable<'_>) -> Option<(usize, u8)> {
    let pay = ["pay", "salary", "wage"];
    let wages =
        |words: &[String]| words.split_last().is_some_and(|(last, rest)| rest == what && pay.contains(&last.as_str()));
    let of = |words: &[String]| {
        if words == what || wages(words) { Some(4) } else { words.ends_with(what).then_some(2) }
    };
    let found = child.numbers.iter().filter_map(|(c, name)| Some((*c, of(&singular(name).words)?)));
    found.max_by_key(|(c, rank)| (*rank, std::cmp::Reverse(*c)))
}

/// Whether the column is an amount that the row's own arithmetic determines.
fn is_own(column: &str) -> bool {
    use Amount::{Before, Consumption, Days, Hours, Minutes, Obtained, Quantity, Seconds, Weight};
    let summable = [Before, Consumption, Days, Hours, Minutes, Obtained, Quantity, Seconds, Weight];
    amount(column).is_some_and(|a| !summable.contains(&a))
}

/// The aggregate over a child table that a parent's column holds, with a score (higher is a better match); `None` if it
/// holds none.
pub fn total(column: &str, child: ChildTable<'_>) -> Option<(ChildAggregate, u8)> {
    let name = singular(column);
    let words = &name.words[..];
    let moment = before_suffix(words, &["at", "date", "on", "time"]).unwrap_or(words);
    for (fronts, total) in
        [(&["last", "latest", "newest"][..], ChildAggregate::Last), (&["first", "earliest"], ChildAggregate::First)]
    {
        if let Some(what) = after_prefix(moment, fronts) {
            return name_score(what, child).or_else(|| participle_score(what, child)).map(|rank| (total, rank));
        }
    }
    let averages = ["avg", "average", "mean"];
    if let Some(what) = before_suffix(words, &averages).or_else(|| after_prefix(words, &averages)) {
        return mean(what, child);
    }
    if words == ["headcount"] {
        return name_score(&["employee".to_owned()], child).map(|rank| (ChildAggregate::Count, rank));
    }
    if words == ["rating"] || words == ["star"] {
        let reviews = name_score(&["review".to_owned()], child)?;
        return mean(words, child).map(|(total, rank)| (total, rank.min(reviews)));
    }
    let money = || {
        let (_, tables) = MONEY.iter().find(|(phrases, _)| phrases.iter().any(|p| name.ends(p)))?;
        let own = singular(child.table);
        let at = tables.iter().position(|t| own.ends(t))?;
        u8::try_from(100 - at).ok().map(|rank| (ChildAggregate::Money, rank))
    };
    if let Some(what) = before_suffix(words, &["count"]).or_else(|| after_prefix(words, &["count", "number"])) {
        let what = after_prefix(what, &["total", "of"]).unwrap_or(what);
        return name_score(what, child).map(|rank| (ChildAggregate::Count, rank));
    }
    let sums = ["total", "sum"];
    let Some(what) = after_prefix(words, &sums).or_else(|| before_suffix(words, &sums)) else { return money() };
    let known = money();
    // `total_gross` of the rows' `gross`; a plain `total_amount` belongs to the row itself.
    let part = [Amount::Gross, Amount::Debit, Amount::Credit, Amount::Deduction, Amount::Refunded];
    let parts = || {
        number(what, child).filter(|(c, rank)| {
            let named = child.numbers.iter().find(|(of, _)| of == c).and_then(|(_, name)| amount(name));
            *rank == 4 && named.is_some_and(|a| part.contains(&a) || a == Amount::Net)
        })
    };
    if known.is_some() || is_own(column) {
        return known.or_else(|| parts().map(|(c, rank)| (ChildAggregate::Sum(c), rank)));
    }
    let count = name_score(what, child).map(|rank| (ChildAggregate::Count, rank));
    count.or_else(|| number(what, child).map(|(c, rank)| (ChildAggregate::Sum(c), rank)))
}

fn mean(what: &[String], child: ChildTable<'_>) -> Option<(ChildAggregate, u8)> {
    let (c, rank) = number(what, child)?;
    let named = name_score(what, child).unwrap_or(0);
    Some((ChildAggregate::Mean(c), rank + named))
}

/// How much better a total matches that a comment states than one by a name.
const STATED: u8 = 120;

/// The aggregate over a child table that the comment of a parent's column states: `number of its orders`, `sum of
/// quantity over its order items`, `mean of the stars of its reviews`; with a score. `None` if it states none.
pub fn stated_total(comment: &str, child: ChildTable<'_>) -> Option<(ChildAggregate, u8)> {
    const ARTICLES: &[&str] = &["the", "its", "all", "a", "an", "this", "their"];
    let end = comment.find([',', ';', '.', ':', '(', '\n']).unwrap_or(comment.len());
    let words: Vec<&str> =
        comment[..end].split_whitespace().filter(|w| !ARTICLES.contains(&w.to_lowercase().as_str())).collect();
    let rows = |words: &[&str]| {
        // `orders that may be open at once` are a limit.
        const LIMITS: &[&str] = &[
            "allowed",
            "may",
            "per",
            "before",
            "maximum",
            "minimum",
            "max",
            "min",
            "needed",
            "required",
            "until",
            "can",
            "must",
            "should",
            "limit",
            "permitted",
            "planned",
            "expected",
            "not",
            "without",
            "yet",
        ];
        if words.iter().any(|w| LIMITS.contains(&w.to_lowercase().as_str())) {
            return None;
        }
        // `policies the agent has written`: the first words name the rows.
        let named = |n: usize| name_score(&singular(&words[..n].join("_")).words, child);
        (1..=words.len().min(MOST_WORDS)).rev().find_map(named)
    };
    // `admitted_at of the latest encounter`
    for (named, found) in [
        (&["latest", "last", "newest"][..], ChildAggregate::Last),
        (&["first", "earliest", "oldest"], ChildAggregate::First),
    ] {
        let at = words.iter().position(|w| named.contains(&w.to_lowercase().as_str()));
        let of = |at: usize| at > 0 && words[at - 1].eq_ignore_ascii_case("of");
        if let Some(score) = at.filter(|at| of(*at)).and_then(|at| rows(&words[at + 1..])) {
            return Some((found, STATED + score));
        }
    }
    let (first, rest) = words.split_first()?;
    let rest = rest.split_first().filter(|(of, _)| of.eq_ignore_ascii_case("of"))?.1;
    let of_rows = |rest: &[&str]| {
        let at = rest.iter().position(|w| ["over", "of", "in", "from"].contains(&w.to_lowercase().as_str()))?;
        let score = rows(&rest[at + 1..])?;
        let (c, _) = number(&singular(&rest[..at].join("_")).words, child)?;
        Some((c, score))
    };
    let (found, score) = match first.to_lowercase().as_str() {
        "number" | "count" => (ChildAggregate::Count, rows(rest)?),
        "sum" | "total" => of_rows(rest).map(|(c, score)| (ChildAggregate::Sum(c), score))?,
        "mean" | "average" | "avg" => of_rows(rest).map(|(c, score)| (ChildAggregate::Mean(c), score))?,
        _ => return None,
    };
    Some((found, STATED + score))
}

/// Whether one column is the mean, and the other one the count, of the same values.
pub fn is_mean_of(mean: &str, count: &str) -> bool {
    let (mean, count) = (singular(mean).words, singular(count).words);
    let averages = ["avg", "average", "mean"];
    let what = before_suffix(&mean, &averages).or_else(|| after_prefix(&mean, &averages)).unwrap_or(&mean);
    let of = before_suffix(&count, &["count"]).or_else(|| after_prefix(&count, &["count", "number", "total"]));
    let same = |a: &[String], b: &[String]| {
        let word = |w: &[String], s: &str| w.len() == 1 && w[0] == s;
        a == b || SAME.iter().any(|same| same.iter().any(|s| word(a, s)) && same.iter().any(|s| word(b, s)))
    };
    of.is_some_and(|of| same(what, of))
}

/// Whether a table's rows are lines of its parent's, by its name; `line`: the table has a quantity and a price.
pub fn are_lines(table: &str, line: bool) -> bool {
    line || singular(table).ends_any(LINES)
}

/// Amounts that are the sum of a row's lines; the first one that the row has is used.
pub const SUMMED: [Amount; 5] = [Amount::Subtotal, Amount::Net, Amount::Total, Amount::Gross, Amount::Line];

/// A row's column of money, the first of these parts that it has.
pub fn money(numbers: &[(usize, &str)], parts: &[Amount], cents: bool) -> Option<usize> {
    let of = |part: &Amount| {
        let found = |(_, name): &&(usize, &str)| amount(name) == Some(*part) && in_cents(name) == cents;
        numbers.iter().find(found).map(|(c, _)| *c)
    };
    parts.iter().find_map(of)
}

/// Whether a foreign key column is named after its parent table.
pub fn leads_to(key: &str, parent: &str) -> bool {
    singular(parent).words.ends_with(&Name::new(key).key_role())
}

/// Words for those whom somebody follows.
const FOLLOWED: &[&str] = &["following", "followed", "followee"];

/// Whether a count is that of the rows that refer to its row by this foreign key column, of two to one parent: the
/// `follower_count` of a user counts the rows in which it is followed, by `followed_id`. `other`: the other key's column.
/// `None` if the count is not named after one of the keys.
pub fn counts_by(column: &str, key: &str, other: &str) -> Option<bool> {
    let name = singular(column);
    let words = &name.words[..];
    let of = before_suffix(words, &["count"]).or_else(|| after_prefix(words, &["count", "number", "total", "num"]));
    let [what] = of.map(|of| after_prefix(of, &["of"]).unwrap_or(of))? else { return None };
    let role = |key: &str| singular(key).key_role().last().cloned().unwrap_or_default();
    let (key, other) = (role(key), role(other));
    if FOLLOWED.contains(&what.as_str()) && [&key, &other].iter().any(|role| *role == "follower") {
        return Some(key == "follower");
    }
    if *what == other { Some(true) } else { (*what == key).then_some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_keys_the_one_opposite_to_the_counted_role_counts() {
        for (column, key, other, expected) in [
            ("followers_count", "followed_id", "follower_id", Some(true)),
            ("followers_count", "follower_id", "followed_id", Some(false)),
            ("following_count", "follower_id", "followee_id", Some(true)),
            ("following_count", "user_id", "follower_id", Some(false)),
            ("friend_count", "user_id", "friend_id", Some(true)),
            ("message_count", "sender_id", "recipient_id", None),
        ] {
            assert_eq!(counts_by(column, key, other), expected, "{column} by {key}");
        }
    }

    #[test]
    fn aggregates_by_comment() {
        let of = |comment, table, parent| {
            let numbers = [(3, "stars"), (4, "quantity"), (5, "totalAmount")];
            stated_total(comment, ChildTable { table, parent, numbers: &numbers }).map(|(total, _)| total)
        };
        for (comment, table, parent, expected) in [
            ("number of its reviews", "reviews", "restaurants", Some(ChildAggregate::Count)),
            ("number of policies the agent has written", "policies", "agents", Some(ChildAggregate::Count)),
            ("number of its rental units", "rental_unit", "property", Some(ChildAggregate::Count)),
            ("number of its reviews", "orders", "restaurants", None),
            ("mean of the stars of its reviews", "review", "restaurant", Some(ChildAggregate::Mean(3))),
            ("sum of quantity over its order items", "orderItem", "menuItem", Some(ChildAggregate::Sum(4))),
            ("sum of totalAmount of the orders", "customerOrder", "customer", Some(ChildAggregate::Sum(5))),
            ("sum of weight over its order items", "orderItem", "menuItem", None),
            ("admitted_at of the latest encounter", "encounter", "patient", Some(ChildAggregate::Last)),
            ("total price", "orders", "customers", None),
        ] {
            assert_eq!(of(comment, table, parent), expected, "{comment} over {table}");
        }
    }

    #[test]
    fn aggregates_by_name() {
        let of = |column, table, parent| {
            let numbers = [(3, "rating"), (4, "hours"), (5, "total_amount")];
            total(column, ChildTable { table, parent, numbers: &numbers }).map(|(total, _)| total)
        };
        for (column, table, parent, expected) in [
            ("item_count", "order_items", "orders", Some(ChildAggregate::Count)),
            ("item_count", "order_lines", "orders", Some(ChildAggregate::Count)),
            ("comments_count", "comments", "posts", Some(ChildAggregate::Count)),
            ("comment_count", "post_comments", "posts", Some(ChildAggregate::Count)),
            ("total_orders", "orders", "customers", Some(ChildAggregate::Count)),
            ("number_of_pages", "pages", "books", Some(ChildAggregate::Count)),
            ("num_products", "products", "categories", Some(ChildAggregate::Count)),
            ("rating_count", "reviews", "products", Some(ChildAggregate::Count)),
            ("rating_avg", "reviews", "products", Some(ChildAggregate::Mean(3))),
            ("average_rating", "reviews", "products", Some(ChildAggregate::Mean(3))),
            ("rating", "reviews", "products", Some(ChildAggregate::Mean(3))),
            ("rating", "orders", "customers", None),
            ("total_hours", "timesheets", "projects", Some(ChildAggregate::Sum(4))),
            ("total_spent", "orders", "customers", Some(ChildAggregate::Money)),
            ("lifetime_value", "orders", "customers", Some(ChildAggregate::Money)),
            ("total_spent", "reviews", "customers", None),
            ("total_amount", "orders", "customers", None),
            ("last_message_at", "messages", "conversations", Some(ChildAggregate::Last)),
            ("last_order_date", "orders", "customers", Some(ChildAggregate::Last)),
            ("last_ordered_at", "orders", "customers", Some(ChildAggregate::Last)),
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
