//! Columns that have a value only in rows of some kinds: `card_brand` where `method` is a card.
//!
//! Data in: a list of kinds, its column's name, and another column's name. Data out: for each kind, the share of rows
//! in which the other column has a value.

use super::names::Name;
use dbmocker_core::value::Value;

/// Names of columns that hold the kind of the row.
const KINDS: &[&str] =
    &["type", "kind", "method", "payment method", "channel", "mode", "category", "provider", "source"];
/// Minimum bytes of a word that may name a kind.
const MIN_WORD: usize = 4;

/// For each of `values`, 1.0 if it contains the first word of the column's name, else 0.0. `None` if no value contains
/// it, or all do.
pub fn of_kind(kinds: &Name, values: &[Value], column: &Name) -> Option<Vec<f64>> {
    if !kinds.ends_any(KINDS) || column.words.len() < 2 || column.ends_any(KINDS) {
        return None;
    }
    let word = &column.words[0];
    if word.len() < MIN_WORD || kinds.words.contains(word) {
        return None;
    }
    let has = |v: &Value| v.to_string().to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|w| w == word);
    let shares: Vec<f64> = values.iter().map(|v| f64::from(has(v))).collect();
    let some = shares.iter().filter(|s| **s > 0.0).count();
    (some > 0 && some < shares.len()).then_some(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_applies_to_the_kinds_named_in_it() {
        let of = |column: &str| {
            let values = ["credit_card", "debit_card", "paypal", "bank_transfer"].map(Value::text);
            of_kind(&Name::new("payment_method"), &values, &Name::new(column))
        };
        assert_eq!(of("card_brand"), Some(vec![1.0, 1.0, 0.0, 0.0]));
        assert_eq!(of("paypal_email"), Some(vec![0.0, 0.0, 1.0, 0.0]));
        assert_eq!(of("bank_account"), Some(vec![0.0, 0.0, 0.0, 1.0]));
        for other in ["amount", "card", "shipping_method", "payment_id"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
