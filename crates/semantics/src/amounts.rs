//! The role of a number column in its row's arithmetic (quantity, unit price, tax, total), by its name.

mod words;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::names::Name;
use words::{BOUNDS, UNITS};

pub use words::AMOUNTS;

/// A number's role in the arithmetic of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Amount {
    Quantity,
    /// The price of one piece, night or hour.
    UnitPrice,
    Price,
    Cost,
    /// Before a discount.
    ListPrice,
    /// The amount of an order line if the table has a quantity and a unit price, else any amount.
    Line,
    Subtotal,
    Total,
    Net,
    Gross,
    Tax,
    TaxRate,
    Discount,
    DiscountRate,
    /// Added to a total: shipping, fees, a tip.
    Charge,
    /// Kept by the marketplace from what the seller earns.
    Commission,
    /// What the seller earns of a sale.
    Earning,
    /// The accepted part of a claim.
    Approved,
    /// Minutes that do not count as worked.
    Pause,
    /// Subtracted from a salary.
    Deduction,
    /// The fixed part of a gross pay.
    Base,
    Bonus,
    Paid,
    Due,
    Refunded,
    Before,
    After,
    Change,
    OnHand,
    Reserved,
    Capacity,
    Used,
    /// The unused part of a stock or a capacity.
    Available,
    UsageLimit,
    UsageCount,
    Up,
    Down,
    Balance,
    Nights,
    Days,
    Hours,
    Minutes,
    Seconds,
    Height,
    Weight,
    BodyMass,
    Age,
    Percent,
    Obtained,
    Maximum,
    Wins,
    Losses,
    Played,
    Draws,
    WinRate,
    Width,
    Length,
    Area,
    Volume,
    Previous,
    Current,
    Consumption,
    Debit,
    Credit,
}

/// The role of a number column by its name; the longest phrase wins. `None` if no phrase matches.
pub fn amount(name: &str) -> Option<Amount> {
    role(Name::new(name))
}

/// As [`amount`], in a table whose names are of this language.
pub fn amount_in(language: Option<&str>, name: &str) -> Option<Amount> {
    role(Name::in_language(name, language))
}

fn role(mut name: Name) -> Option<Amount> {
    while name.words.len() > 1 && UNITS.contains(&name.last()) {
        name.words.pop();
    }
    // The least stock is not the stock.
    if name.words.len() > 1 && BOUNDS.contains(&name.words[0].as_str()) {
        return BY_PHRASE.get(name.words.join(" ").as_str()).copied();
    }
    (0..name.words.len()).find_map(|from| BY_PHRASE.get(name.words[from..].join(" ").as_str()).copied())
}

/// The entries of [`AMOUNTS`] by phrase.
static BY_PHRASE: LazyLock<HashMap<&str, Amount>> = LazyLock::new(|| {
    AMOUNTS.iter().flat_map(|(phrases, amount)| phrases.iter().map(move |phrase| (*phrase, *amount))).collect()
});

/// Whether the number is in hundredths of a currency unit.
pub fn in_cents(name: &str) -> bool {
    Name::new(name).words.iter().any(|w| w == "cent" || w == "minor")
}

#[cfg(test)]
mod tests {
    use super::Amount::*;
    use super::*;

    #[test]
    fn the_longest_phrase_wins() {
        for (name, expected) in [
            ("unit_price", Some(UnitPrice)),
            ("UnitPrice", Some(UnitPrice)),
            ("price_cents", Some(Price)),
            ("line_total", Some(Line)),
            ("total_amount", Some(Total)),
            ("sub_total", Some(Subtotal)),
            ("tax_rate", Some(TaxRate)),
            ("quantity_on_hand", Some(OnHand)),
            ("quantity_reserved", Some(Reserved)),
            ("quantity_available", Some(Available)),
            ("montant_ttc", Some(Gross)),
            ("amount_due", Some(Due)),
            ("discount_pct", Some(DiscountRate)),
            ("name", None),
        ] {
            assert_eq!(amount(name), expected, "{name}");
        }
        assert!(in_cents("price_cents") && !in_cents("price"));
    }
}
