//! Columns that only rows of some kind have: `card_brand` where the `method` is a card.
//!
//! Data in: a list of kinds, its column's name, and another column's name. Data out: in which share of the rows of each
//! kind the other column has a value.

use super::names::Name;
use dbmocker_core::value::Value;

/// Columns whose members are kinds of what the row is.
const KINDS: &[&str] =
    &["type", "kind", "method", "payment method", "channel", "mode", "category", "provider", "source"];
/// The shortest word that says something.
const SHORTEST: usize = 4;

/// `None` where no kind has its word in the column's name, or each has.
pub fn of_kind(kinds: &Name, values: &[Value], column: &Name) -> Option<Vec<f64>> {
    if !kinds.ends_any(KINDS) || column.words.len() < 2 || column.ends_any(KINDS) {
        return None;
    }
    let word = &column.words[0];
    if word.len() < SHORTEST || kinds.words.contains(word) {
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
    fn columns_of_a_kind() {
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
