//! Double entries, balances and counters by name: the parent that groups their rows, and the texts of their sides.

use super::names::Name;
use super::roles::singular;

/// Parents whose rows are entries: the debits and credits of one are equal.
const ENTRIES: &[&str] =
    &["entry", "journal", "transaction", "voucher", "posting", "batch", "document", "transfer", "movement"];
/// Parents that have a balance.
const ACCOUNTS: &[&str] =
    &["account", "wallet", "card", "register", "fund", "purse", "pot", "ledger", "item", "product", "stock"];
/// Parents that have a counter.
const METERS: &[&str] = &["meter", "counter", "vehicle", "car", "truck", "machine"];
/// Names of columns that hold a counter's reading.
const READINGS: &[&str] = &[
    "reading",
    "meter reading",
    "reading value",
    "meter value",
    "counter value",
    "odometer",
    "odometer km",
    "odometer reading",
    "mileage",
    "mileage km",
    "cumulative",
    "cumulative value",
];
/// Names of columns that hold the side of a row.
const SIDES: &[&str] =
    &["type", "kind", "direction", "side", "dc", "debit credit", "dr cr", "operation", "movement", "sign", "category"];

const CREDIT: &[&str] = &["credit", "cr", "c", "haben", "haber", "crédit"];
const DEBIT: &[&str] = &["debit", "dr", "d", "soll", "debe", "débit"];
/// Words of texts that increase a balance, and that decrease it.
const INCREASE: &[&str] = &[
    "deposit",
    "refund",
    "interest",
    "topup",
    "top_up",
    "payin",
    "incoming",
    "income",
    "received",
    "receive",
    "in",
    "earn",
    "earned",
    "bonus",
    "cashback",
    "salary",
    "inbound",
    "purchase_receipt",
    "receipt",
    "restock",
    "return",
    "accrual",
    "award",
    "load",
    "reversal",
    "einzahlung",
    "deposito",
];
const DECREASE: &[&str] = &[
    "withdrawal",
    "withdraw",
    "fee",
    "charge",
    "payment",
    "payout",
    "outgoing",
    "expense",
    "spent",
    "spend",
    "out",
    "redeem",
    "redeemed",
    "redemption",
    "purchase",
    "outbound",
    "sale",
    "issue",
    "shipment",
    "burn",
    "expire",
    "expired",
    "expiry",
    "chargeback",
    "damage",
    "loss",
    "auszahlung",
    "retiro",
    "tax",
];

/// Returns true if the rows of the parent are entries of several lines.
pub fn is_entry(parent: &str) -> bool {
    let name = singular(parent);
    ENTRIES.contains(&name.last()) && !name.ends_any(&["account transaction", "log entry", "audit entry", "time entry"])
}

/// Returns true if the parent may have a balance.
pub fn has_balance(parent: &str) -> bool {
    ACCOUNTS.contains(&singular(parent).last())
}

/// Returns true if the parent has a counter.
pub fn is_meter(parent: &str) -> bool {
    METERS.contains(&singular(parent).last())
}

/// Returns true if a column holds readings of the parent's counter.
pub fn is_counter(column: &Name, parent: &str) -> bool {
    is_meter(parent) && column.ends_any(READINGS)
}

/// Returns true if a column holds a reading of a counter, not the value of something that also falls.
pub fn is_level_of_counter(column: &Name) -> bool {
    column.has_any(&["reading", "odometer", "mileage", "km", "counter", "meter"])
}

/// Returns true if a column holds the last reading of a counter.
pub fn is_last_reading(column: &str) -> bool {
    let name = Name::new(column);
    name.has_any(&["last", "current", "latest"]) && is_level_of_counter(&name)
}

/// Returns true if a column holds an amount of something other than money.
pub fn is_amount(column: &str) -> bool {
    Name::new(column)
        .ends_any(&["point", "points", "quantity", "qty", "credit", "unit", "mile", "coin", "token", "value"])
}

/// Returns true if a column holds a change, which may be negative: `quantity_change`, `points_delta`.
pub fn is_change(column: &str) -> bool {
    Name::new(column).has_any(&["change", "delta", "diff", "difference", "adjustment", "variation"])
}

/// Returns true if a column may hold the side of a row.
pub fn is_side(column: &str) -> bool {
    Name::new(column).ends_any(SIDES)
}

/// The texts of a list by side; texts of neither belong to both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideTexts {
    pub ins: Vec<String>,
    pub outs: Vec<String>,
}

impl SideTexts {
    /// Returns true if a text belongs to both sides, such as `adjustment`: then the sign is part of the amount.
    pub fn has_neutral(&self) -> bool {
        self.ins.iter().any(|text| self.outs.contains(text))
    }
}

/// Returns the texts of the two sides; `None` if the list has no text of one of them. `plain`: debit and credit only.
pub fn sides(list: &[String], plain: bool) -> Option<SideTexts> {
    let other_letter = |text: &String| {
        let lower = text.trim().to_lowercase();
        lower.chars().count() == 1 && !CREDIT.contains(&lower.as_str()) && !DEBIT.contains(&lower.as_str())
    };
    let has_other_letters = list.iter().any(other_letter);
    let side = |text: &String| {
        let lower = text.trim().to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
        let any = |of: &[&str]| of.contains(&lower.as_str()) || words.iter().any(|w| of.contains(w));
        // `C` and `D` among other letters are classes.
        let letter = lower.chars().count() == 1 && has_other_letters;
        let (credit, debit) = (!letter && CREDIT.contains(&lower.as_str()), !letter && DEBIT.contains(&lower.as_str()));
        if plain {
            return (credit, debit);
        }
        // `transfer_in` and `transfer_out` differ in their last word.
        let last = words.last().copied().unwrap_or("");
        match last {
            "in" => (true, false),
            "out" => (false, true),
            _ => (credit || any(INCREASE), debit || any(DECREASE)),
        }
    };
    let of: Vec<(bool, bool)> = list.iter().map(side).collect();
    let any = |f: fn(&(bool, bool)) -> bool| of.iter().any(f);
    if !any(|s| *s == (true, false)) || !any(|s| *s == (false, true)) || plain && any(|s| *s == (false, false)) {
        return None;
    }
    let of_side = |ins: bool| {
        let belongs = |(_, s): &(&String, &(bool, bool))| if ins { s.0 || !s.1 } else { s.1 || !s.0 };
        let named = |(_, s): &(&String, &(bool, bool))| s.0 != s.1;
        let all: Vec<(&String, &(bool, bool))> = list.iter().zip(&of).filter(belongs).collect();
        let (first, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(named);
        first.into_iter().chain(rest).map(|(text, _)| text.clone()).collect()
    };
    Some(SideTexts { ins: of_side(true), outs: of_side(false) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[&str], plain: bool) -> Option<(Vec<String>, Vec<String>)> {
        let list: Vec<String> = list.iter().map(|t| (*t).to_owned()).collect();
        sides(&list, plain).map(|s| (s.ins, s.outs))
    }

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|t| (*t).to_owned()).collect()
    }

    #[test]
    fn sides_are_told_by_their_words() {
        assert_eq!(of(&["debit", "credit"], true), Some((texts(&["credit"]), texts(&["debit"]))));
        assert_eq!(of(&["D", "C"], true), Some((texts(&["C"]), texts(&["D"]))));
        assert_eq!(of(&["debit", "credit", "void"], true), None);
        let (ins, outs) =
            of(&["deposit", "withdrawal", "transfer_in", "transfer_out", "fee", "adjustment"], false).unwrap();
        assert_eq!(ins, texts(&["deposit", "transfer_in", "adjustment"]));
        assert_eq!(outs, texts(&["withdrawal", "transfer_out", "fee", "adjustment"]));
        assert_eq!(of(&["red", "green"], false), None);
        assert_eq!(of(&["LINE", "A", "B", "C", "D"], false), None);
    }

    #[test]
    fn parents_are_told_by_their_last_word() {
        assert!(is_entry("journal_entries") && is_entry("transactions") && !is_entry("accounts"));
        assert!(!is_entry("time_entries") && has_balance("bank_accounts") && !has_balance("orders"));
        let reading = Name::new("reading_value");
        assert!(is_counter(&reading, "meters") && !is_counter(&reading, "sensors"));
        assert!(is_last_reading("last_reading") && !is_last_reading("current_value"));
    }
}
