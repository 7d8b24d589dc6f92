//! Weights of the members of a list: few orders are cancelled, few users are administrators.
//!
//! Data in: the members, the names of the column and its table, the column's default. Data out: a weight for each
//! member, by its meaning (`life`, `words`), else by Zipf's law in the order of the list (if the schema's) or a random
//! one. The weights' entropy is bounded, so that they are neither uniform nor concentrated on one member.

mod weighted_lists;
mod words;

use super::life_cycle::LifeCycle;
use super::names::Name;
use dbmocker_core::rng_stream::Stream;
use dbmocker_core::value::Value;
use weighted_lists::LISTS;
use words::{CATEGORIES, CODES, DISTINCT_VALUES, OWN_CODES, SINGLE_REGION, UNIFORM, YES_NO};

/// Minimum and maximum entropy of the weights, as a share of that of uniform ones.
const ENTROPY: (f64, f64) = (0.3, 0.9);
/// The sum of the weights, except for rounding.
const WEIGHT_SUM: f64 = 1_000_000.0;
/// The maximum weight of a member that is not in the list of words that matches the other members.
const UNKNOWN: f64 = 60.0;

/// In longer lists only the known members are used.
const MAX_MEMBERS: usize = 40;
/// Known members that are enough to restrict a long list to them.
const MIN_KNOWN: usize = 5;

/// A list of members, and the column that holds them.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    pub column: &'a str,
    /// The table's name, in the singular.
    pub table: &'a Name,
    pub default: Option<&'a str>,
    pub values: &'a [Value],
    /// The members' usual weights; empty, or all equal, if there are none.
    pub usual: &'a [u64],
    /// The order of the members is the schema's, and therefore meaningful.
    pub ordered: bool,
}

/// The indexes of the members to use, their weights, and the reason; `None` if all members are equally common.
pub fn weights(list: &List<'_>) -> Option<(Vec<usize>, Vec<u32>, &'static str)> {
    let mut texts: Vec<String> = list.values.iter().map(ToString::to_string).collect();
    let uniform = uniform(&texts);
    if texts.len() < 2 || uniform.as_ref().is_some_and(|l| l.iter().all(|l| *l)) {
        return None;
    }
    if let Some(uniform) = uniform {
        // Female and male are equally common, other members are rare.
        let weights = uniform.iter().map(|u| if *u { 1000.0 } else { 40.0 }).collect::<Vec<f64>>();
        return Some(((0..texts.len()).collect(), to_integers(&weights), "meaning"));
    }
    let mut kept: Vec<usize> = (0..texts.len()).collect();
    if !list.ordered && texts.len() > MAX_MEMBERS {
        // Of a long list, only the known members are used.
        let known_weights = known_weights(&texts);
        let used = |i: &usize| known_weights[*i].is_some();
        if kept.iter().filter(|i| used(i)).count() >= MIN_KNOWN {
            kept.retain(used);
            kept.sort_by_key(|i| std::cmp::Reverse(known_weights[*i]));
            kept.truncate(max_members(list.column));
            texts = kept.iter().map(|&i| texts[i].clone()).collect();
        }
    }
    let level = list.usual.windows(2).all(|w| w[0] == w[1]);
    let usual = || (!level).then(|| kept.iter().map(|&i| list.usual[i] as f64).collect::<Vec<f64>>());
    let (mut raw, why) = by_life(list, &texts)
        .map(|w| (w, "life cycle"))
        .or_else(|| by_words(&texts, list).map(|w| (w, "meaning")))
        .or_else(|| usual().map(|w| (w, "few are common")))
        .unwrap_or_else(|| (zipf(&texts, list), "few are common"));
    if let Some(usual) = list.default.map(default_text)
        && let Some(i) = texts.iter().position(|t| *t == usual)
        && why != "life cycle"
    {
        // The default has the highest weight, as most rows keep it.
        let most = raw.iter().copied().fold(0.0, f64::max);
        raw[i] = (most * 1.3).max(raw[i]);
    }
    Some((kept, to_integers(&bound_entropy(raw)), why))
}

fn by_life(list: &List<'_>, texts: &[String]) -> Option<Vec<f64>> {
    let statuses: Vec<&str> = texts.iter().map(String::as_str).collect();
    let life = LifeCycle::of(&Name::new(list.column), &statuses)?;
    let lasting = super::nulls::is_running(list.table);
    Some(life.weights(lasting).into_iter().map(f64::from).collect())
}

/// Weights by the list of words that contains most of the members; `None` if it contains less than half of them and
/// fewer than [`MIN_KNOWN`].
fn by_words(texts: &[String], list: &List<'_>) -> Option<Vec<f64>> {
    let best = known_weights(texts);
    let found = best.iter().flatten().count();
    if found * 2 < texts.len() && found < MIN_KNOWN {
        return None;
    }
    let rest = zipf(texts, list);
    let scale = UNKNOWN / rest.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    Some(best.iter().zip(rest).map(|(known, other)| known.map_or(other * scale, f64::from)).collect())
}

/// The weight of each text in the list of words that contains most of them; `None` for texts that it does not contain.
fn known_weights(texts: &[String]) -> Vec<Option<u32>> {
    let words: Vec<String> = texts.iter().map(|t| normalized(t)).collect();
    let found = |list: &[(&str, u32)]| -> Vec<Option<u32>> {
        words.iter().map(|w| list.iter().find(|(word, _)| word == w).map(|(_, weight)| *weight)).collect()
    };
    let all = LISTS.iter().map(|l| found(l));
    all.max_by_key(|found| found.iter().flatten().count()).expect("there are lists")
}

/// Weights by Zipf's law, in the order of the list, or in a pseudo-random one if the list's is not meaningful.
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

/// Raises the weights to a power that brings their entropy within [`ENTROPY`].
fn bound_entropy(raw: Vec<f64>) -> Vec<f64> {
    let total: f64 = raw.iter().sum();
    let shares: Vec<f64> = raw.iter().map(|w| w / total).collect();
    // Equal weights are first made different, as no power changes their ratio.
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

/// The entropy of weights, as a share of that of uniform ones.
fn entropy(weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let sum: f64 = weights.iter().filter(|w| **w > 0.0).map(|w| -(w / total) * (w / total).ln()).sum();
    sum / (weights.len() as f64).ln()
}

/// Scales weights to integers of at least 1 with the sum [`WEIGHT_SUM`].
fn to_integers(weights: &[f64]) -> Vec<u32> {
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| ((w / total * WEIGHT_SUM) as u32).max(1)).collect()
}

/// For each text, whether it is in the uniform list that contains at least two thirds of them; `None` if there is none.
fn uniform(texts: &[String]) -> Option<Vec<bool>> {
    let words: Vec<String> = texts.iter().map(|t| normalized(t)).collect();
    let inside = |list: &&[&str]| words.iter().map(|w| list.contains(&w.as_str())).collect::<Vec<bool>>();
    UNIFORM.iter().map(inside).find(|found| found.iter().filter(|f| **f).count() * 3 >= words.len() * 2)
}

/// The maximum number of members of a long list that a column uses.
fn max_members(column: &str) -> usize {
    if Name::new(column).ends_any(SINGLE_REGION) { MIN_KNOWN } else { usize::MAX }
}

/// The number of distinct texts in a column, by its name; `None` if each row may have its own. `unknown`: the dictionary
/// does not know what the texts are, so that the end of the name decides: `event_code`, `academic_rank`.
pub fn distinct_values(column: &Name, table: &Name, unknown: bool) -> Option<usize> {
    // `models.model` is different in each row.
    if column.words.len() == 1 && table.ends(column.last()) {
        return None;
    }
    let known = DISTINCT_VALUES.iter().find(|(phrases, _)| column.ends_any(phrases));
    let mut named = column.clone();
    if named.words.len() > 1 && named.last() == "name" {
        named.words.pop();
    }
    let by_end = || CATEGORIES.iter().filter(|_| unknown).find(|(phrases, _)| named.ends_any(phrases));
    let code = unknown && column.words.len() > 1 && column.last() == "code" && !column.ends_any(OWN_CODES);
    known.or_else(by_end).map(|(_, most)| *most).or(code.then_some(CODES))
}

/// The index of the member that means "true", for a list of two (`Y`, `N`); else `None`.
pub fn true_index(values: &[Value]) -> Option<usize> {
    let [a, b] = values else { return None };
    let (a, b) = (normalized(&a.to_string()), normalized(&b.to_string()));
    YES_NO.iter().find_map(|(yes, no)| match () {
        () if (a.as_str(), b.as_str()) == (*yes, *no) => Some(0),
        () if (b.as_str(), a.as_str()) == (*yes, *no) => Some(1),
        () => None,
    })
}

/// The text in lower case, with spaces between its words.
fn normalized(text: &str) -> String {
    let mut out = text.trim().trim_end_matches('.').to_lowercase().replace(['_', ' '], " ");
    if !out.contains('/') {
        out = out.replace('-', if out.len() <= 3 { "-" } else { " " });
    }
    out
}

/// The text of a default, without quotes and casts.
pub fn default_text(default: &str) -> String {
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
        let (_, weights, _) =
            weights(&List { column, table: &Name::new("x"), default, values: &values, usual: &[], ordered: true })?;
        let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
        Some(values.iter().map(ToString::to_string).zip(weights.iter().map(|w| f64::from(*w) / total)).collect())
    }

    fn share(column: &str, default: Option<&str>, values: &str, of: &str) -> f64 {
        let shares = shares(column, default, values).expect("a list with weights");
        shares.into_iter().find(|(v, _)| v == of).expect("a member").1
    }

    #[test]
    fn weights_follow_the_members_meaning() {
        let roles = "admin editor viewer user guest owner";
        assert!(share("role", None, roles, "user") > 0.4 && share("role", None, roles, "admin") < 0.05);
        let orders = "pending paid processing shipped delivered cancelled refunded";
        assert!(share("status", None, orders, "delivered") > 0.5 && share("status", None, orders, "refunded") < 0.06);
        let priorities = "low medium high urgent";
        assert!(share("priority", None, priorities, "urgent") < 0.1);
        assert!(share("method", None, "card paypal bank_transfer cash", "card") > 0.45);
        // The default of a status is that of new rows; any other default is kept by most rows.
        assert!(share("status", Some("'pending'::text"), orders, "pending") < 0.15);
        assert!(share("plan", Some("'pro'::character varying"), "free pro enterprise", "pro") > 0.45);
        assert!(share("kind", None, "alpha beta gamma delta", "alpha") > 0.4);
    }

    #[test]
    fn ends_of_unknown_names_tell_categories() {
        let most = |column: &str, unknown: bool| distinct_values(&Name::new(column), &Name::new("lab_orders"), unknown);
        for column in ["panel_name", "academic_rank", "event_code", "substance", "repair_reason", "glaze_type"] {
            assert!(most(column, true).is_some_and(|n| (5..30).contains(&n)), "{column}");
            assert_eq!(most(column, false), None, "{column}");
        }
        for column in ["description", "name", "confirmation_code", "customer_code", "title", "code"] {
            assert_eq!(most(column, true), None, "{column}");
        }
    }

    #[test]
    fn the_weights_of_a_list_are_kept() {
        let values: Vec<Value> = ["patch", "tablet", "syrup"].into_iter().map(Value::text).collect();
        let list = List {
            column: "form",
            table: &Name::new("drug"),
            default: None,
            values: &values,
            usual: &[2, 50, 8],
            ordered: false,
        };
        let (_, weights, _) = weights(&list).expect("weights");
        assert!(weights[1] > weights[2] && weights[2] > weights[0], "{weights:?}");
    }

    #[test]
    fn some_lists_are_uniform() {
        assert_eq!(shares("weekday", None, "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"), None);
        assert_eq!(shares("gender", None, "F M"), None);
        assert!(share("gender", None, "female male other", "other") < 0.05);
    }

    #[test]
    fn defaults_are_parsed_as_servers_print_them() {
        for (text, value) in [("'free'::character varying", "free"), ("('a')", "a"), ("((1))", "1"), ("7", "7")] {
            assert_eq!(default_text(text), value);
        }
    }

    proptest! {
        #[test]
        fn entropy_is_within_its_bounds(values in proptest::collection::hash_set("[a-z]{1,6}", 2..60), ordered: bool) {
            let values: Vec<Value> = values.into_iter().map(Value::Text).collect();
            if let Some((_, weights, _)) = weights(&List { column: "kind", table: &Name::new("x"), default: None, values: &values, usual: &[], ordered }) {
                let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
                let entropy = entropy(&weights);
                prop_assert!((0.25..0.92).contains(&entropy), "{entropy}: {weights:?}");
            }
        }
    }
}
