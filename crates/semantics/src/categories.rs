//! How common the members of a list are: few orders are cancelled, most users have no say.
//!
//! Data in: the members, the names of the column and its table, the column's default. Data out: a weight each. What
//! members mean decides (`life`, `words`); of what nothing is known some are common and most are rare, by Zipf's law,
//! in the order of the list where a schema lists them. No list is level, and none has but one member to speak of.

mod words;

use super::life::Life;
use super::names::Name;
use dbmocker_core::rng_stream::Stream;
use dbmocker_core::value::Value;
use words::{FEW, LEVEL, LISTS, ONE_PLACE, YES_NO};

/// The entropy of a list, as a share of that of a level one.
const ENTROPY: (f64, f64) = (0.3, 0.9);
/// The sum of the weights, but for rounding.
const WHOLE: f64 = 1_000_000.0;
/// The share of a member of a list that is known, where nothing is known of the member.
const UNKNOWN: f64 = 60.0;

/// Lists of more members hold such as nobody uses.
const MOST: usize = 40;
/// Members known that do for a list.
const ENOUGH: usize = 5;

/// A list of members, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    pub column: &'a str,
    pub default: Option<&'a str>,
    pub values: &'a [Value],
    /// The order of the members is the schema's, and says something.
    pub ordered: bool,
}

/// The members that are used and their weights, with what decided; `None` where a level list is right.
pub fn weights(list: &List<'_>) -> Option<(Vec<usize>, Vec<u32>, &'static str)> {
    let mut texts: Vec<String> = list.values.iter().map(ToString::to_string).collect();
    let level = level(&texts);
    if texts.len() < 2 || level.as_ref().is_some_and(|l| l.iter().all(|l| *l)) {
        return None;
    }
    if let Some(level) = level {
        // Women and men are level, others are few.
        let weights = level.iter().map(|l| if *l { 1000.0 } else { 40.0 }).collect::<Vec<f64>>();
        return Some(((0..texts.len()).collect(), whole(&weights), "meaning"));
    }
    let mut kept: Vec<usize> = (0..texts.len()).collect();
    if !list.ordered && texts.len() > MOST {
        // Of a long list that the column does not name, only what is known is in use.
        let known = known(&texts);
        let used = |i: &usize| known[*i].is_some();
        if kept.iter().filter(|i| used(i)).count() >= ENOUGH {
            kept.retain(used);
            kept.sort_by_key(|i| std::cmp::Reverse(known[*i]));
            kept.truncate(most(list.column));
            texts = kept.iter().map(|&i| texts[i].clone()).collect();
        }
    }
    let (mut raw, why) = by_life(list, &texts)
        .map(|w| (w, "life cycle"))
        .or_else(|| by_words(&texts, list).map(|w| (w, "meaning")))
        .unwrap_or_else(|| (zipf(&texts, list), "few are common"));
    if let Some(usual) = list.default.map(plain)
        && let Some(i) = texts.iter().position(|t| *t == usual)
        && why != "life cycle"
    {
        // What nobody chooses is what most rows have.
        let most = raw.iter().copied().fold(0.0, f64::max);
        raw[i] = (most * 1.3).max(raw[i]);
    }
    Some((kept, whole(&tempered(raw)), why))
}

fn by_life(list: &List<'_>, texts: &[String]) -> Option<Vec<f64>> {
    let statuses: Vec<&str> = texts.iter().map(String::as_str).collect();
    let life = Life::of(&Name::new(list.column), &statuses)?;
    Some(life.weights().into_iter().map(f64::from).collect())
}

/// By the list of words that holds most of the members; `None` where none holds half of them, or enough of many.
fn by_words(texts: &[String], list: &List<'_>) -> Option<Vec<f64>> {
    let best = known(texts);
    let found = best.iter().flatten().count();
    if found * 2 < texts.len() && found < ENOUGH {
        return None;
    }
    let rest = zipf(texts, list);
    let scale = UNKNOWN / rest.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    Some(best.iter().zip(rest).map(|(known, other)| known.map_or(other * scale, f64::from)).collect())
}

/// What the list of words that holds most of the texts knows of each.
fn known(texts: &[String]) -> Vec<Option<u32>> {
    let words: Vec<String> = texts.iter().map(|t| spoken(t)).collect();
    let found = |list: &[(&str, u32)]| -> Vec<Option<u32>> {
        words.iter().map(|w| list.iter().find(|(word, _)| word == w).map(|(_, weight)| *weight)).collect()
    };
    let all = LISTS.iter().map(|l| found(l));
    all.max_by_key(|found| found.iter().flatten().count()).expect("there are lists")
}

/// Few are common: in the order of the list, or by chance where that says nothing.
fn zipf(texts: &[String], list: &List<'_>) -> Vec<f64> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    if !list.ordered {
        order.sort_by_key(|&i| Stream::new(0, list.column, &texts[i]).key());
    }
    let mut weights = vec![0.0; texts.len()];
    for (rank, i) in order.into_iter().enumerate() {
        weights[i] = 1.0 / (rank + 1) as f64;
    }
    weights
}

/// Raised to the power that brings the entropy between its bounds.
fn tempered(raw: Vec<f64>) -> Vec<f64> {
    let total: f64 = raw.iter().sum();
    let shares: Vec<f64> = raw.iter().map(|w| w / total).collect();
    // Members of one weight are told apart, or no power would.
    let apart = |(i, s): (usize, &f64)| s * (1.0 - 0.4 * i as f64 / shares.len() as f64);
    let shares: Vec<f64> =
        if entropy(&shares) > ENTROPY.1 { shares.iter().enumerate().map(apart).collect() } else { shares };
    let raised = |power: f64| shares.iter().map(|s| s.powf(power)).collect::<Vec<f64>>();
    let mut power = 1.0;
    while entropy(&raised(power)) > ENTROPY.1 && power < 30.0 {
        power *= 1.1;
    }
    while entropy(&raised(power)) < ENTROPY.0 && power > 0.05 {
        power /= 1.1;
    }
    raised(power)
}

/// As a share of that of a level list.
fn entropy(weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let sum: f64 = weights.iter().filter(|w| **w > 0.0).map(|w| -(w / total) * (w / total).ln()).sum();
    sum / (weights.len() as f64).ln()
}

fn whole(weights: &[f64]) -> Vec<u32> {
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| ((w / total * WHOLE) as u32).max(1)).collect()
}

/// Which of the texts are members of a level list, if two of three are.
fn level(texts: &[String]) -> Option<Vec<bool>> {
    let words: Vec<String> = texts.iter().map(|t| spoken(t)).collect();
    let inside = |list: &&[&str]| words.iter().map(|w| list.contains(&w.as_str())).collect::<Vec<bool>>();
    LEVEL.iter().map(inside).find(|found| found.iter().filter(|f| **f).count() * 3 >= words.len() * 2)
}

/// Members of a long list that a column uses.
fn most(column: &str) -> usize {
    if Name::new(column).ends_any(ONE_PLACE) { ENOUGH } else { usize::MAX }
}

/// How many different texts a column holds by its name; `None` where every row has its own.
pub fn few(column: &Name, table: &Name) -> Option<usize> {
    // `models.model` is what the rows are.
    if column.words.len() == 1 && table.ends(column.last()) {
        return None;
    }
    FEW.iter().find(|(phrases, _)| column.ends_any(phrases)).map(|(_, most)| *most)
}

/// Which of two members says yes.
pub fn yes_of(values: &[Value]) -> Option<usize> {
    let [a, b] = values else { return None };
    let (a, b) = (spoken(&a.to_string()), spoken(&b.to_string()));
    YES_NO.iter().find_map(|(yes, no)| match () {
        () if (a.as_str(), b.as_str()) == (*yes, *no) => Some(0),
        () if (b.as_str(), a.as_str()) == (*yes, *no) => Some(1),
        () => None,
    })
}

/// In lower case, words apart.
fn spoken(text: &str) -> String {
    let mut out = text.trim().trim_end_matches('.').to_lowercase().replace(['_', ' '], " ");
    if !out.contains('/') {
        out = out.replace('-', if out.len() <= 3 { "-" } else { " " });
    }
    out
}

/// A default without quotes and casts.
pub fn plain(default: &str) -> String {
    let text = default.trim().trim_start_matches('(').trim();
    match text.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
        Some((inside, _)) => inside.to_owned(),
        None => text.split("::").next().unwrap_or_default().trim_end_matches(')').trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shares(column: &str, default: Option<&str>, values: &str) -> Option<Vec<(String, f64)>> {
        let values: Vec<Value> = values.split(' ').map(Value::text).collect();
        let (_, weights, _) = weights(&List { column, default, values: &values, ordered: true })?;
        let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
        Some(values.iter().map(ToString::to_string).zip(weights.iter().map(|w| f64::from(*w) / total)).collect())
    }

    fn share(column: &str, default: Option<&str>, values: &str, of: &str) -> f64 {
        let shares = shares(column, default, values).expect("a list with weights");
        shares.into_iter().find(|(v, _)| v == of).expect("a member").1
    }

    #[test]
    fn meaning_decides() {
        let roles = "admin editor viewer user guest owner";
        assert!(share("role", None, roles, "user") > 0.4 && share("role", None, roles, "admin") < 0.05);
        let orders = "pending paid processing shipped delivered cancelled refunded";
        assert!(share("status", None, orders, "delivered") > 0.5 && share("status", None, orders, "refunded") < 0.06);
        let priorities = "low medium high urgent";
        assert!(share("priority", None, priorities, "urgent") < 0.1);
        assert!(share("method", None, "card paypal bank_transfer cash", "card") > 0.45);
        // The default of a life is where it begins, that of anything else what most rows keep.
        assert!(share("status", Some("'pending'::text"), orders, "pending") < 0.15);
        assert!(share("plan", Some("'pro'::character varying"), "free pro enterprise", "pro") > 0.45);
        assert!(share("kind", None, "alpha beta gamma delta", "alpha") > 0.4);
    }

    #[test]
    fn some_lists_are_level() {
        assert_eq!(shares("weekday", None, "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"), None);
        assert_eq!(shares("gender", None, "F M"), None);
        assert!(share("gender", None, "female male other", "other") < 0.05);
    }

    #[test]
    fn defaults_are_read_as_servers_print_them() {
        for (text, value) in [("'free'::character varying", "free"), ("('a')", "a"), ("((1))", "1"), ("7", "7")] {
            assert_eq!(plain(text), value);
        }
    }

    proptest! {
        #[test]
        fn no_list_is_level_and_none_has_one_member(values in proptest::collection::hash_set("[a-z]{1,6}", 2..60), ordered: bool) {
            let values: Vec<Value> = values.into_iter().map(Value::Text).collect();
            if let Some((_, weights, _)) = weights(&List { column: "kind", default: None, values: &values, ordered }) {
                let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
                let entropy = entropy(&weights);
                prop_assert!((0.25..0.92).contains(&entropy), "{entropy}: {weights:?}");
            }
        }
    }
}
