//! The role of a number column in its row's arithmetic (quantity, unit price, tax, total), by its name.

use super::names::Name;

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
    WinRate,
    Width,
    Length,
    Area,
    Previous,
    Current,
    Consumption,
    Debit,
    Credit,
}

use Amount::*;

/// The phrases that names end in, and the role that each indicates.
pub const AMOUNTS: &[(&[&str], Amount)] = &[
    (&["quantity", "order quantity", "piece", "liter", "hours worked", "ordered quantity", "unit"], Quantity),
    (
        &[
            "unit price",
            "price each",
            "price per unit",
            "item price",
            "unit cost",
            "price per night",
            "rate per night",
            "nightly rate",
            "hourly rate",
            "daily rate",
            "rate per hour",
            "rate per day",
            "price per day",
            "price per hour",
            "price per liter",
            "cost per unit",
            "unit amount",
            "price unit",
            "room rate",
            "ticket price",
        ],
        UnitPrice,
    ),
    (&["price", "selling price", "sale price", "retail price", "current price"], Price),
    (&["cost", "cost price", "purchase price", "wholesale price", "buying price"], Cost),
    (
        &[
            "compare at price",
            "list price",
            "msrp",
            "original price",
            "regular price",
            "recommended price",
            "old price",
        ],
        ListPrice,
    ),
    (
        &[
            "line total",
            "line amount",
            "item total",
            "row total",
            "extended price",
            "extended amount",
            "line price",
            "amount",
            "line cost",
            "total line",
            "claimed",
            "claimed amount",
        ],
        Line,
    ),
    (
        &[
            "subtotal",
            "sub total",
            "items total",
            "item subtotal",
            "total before tax",
            "base amount",
            "amount subtotal",
            "room total",
            "ticket total",
            "rental total",
            "base fare",
            "labor total",
        ],
        Subtotal,
    ),
    (
        &[
            "total",
            "total amount",
            "grand total",
            "total price",
            "total cost",
            "order total",
            "invoice total",
            "amount total",
            "final amount",
            "final price",
            "total charge",
            "total fare",
            "total sum",
            "bill amount",
        ],
        Total,
    ),
    (
        &[
            "net",
            "net amount",
            "net total",
            "net price",
            "net pay",
            "net salary",
            "net wage",
            "montant ht",
            "total ht",
            "netto",
        ],
        Net,
    ),
    (
        &[
            "gross",
            "gross amount",
            "gross total",
            "gross price",
            "gross pay",
            "gross salary",
            "gross wage",
            "montant ttc",
            "total ttc",
            "brutto",
        ],
        Gross,
    ),
    (
        &[
            "tax",
            "tax amount",
            "tax total",
            "total tax",
            "vat",
            "vat amount",
            "gst",
            "sales tax",
            "amount tax",
            "iva",
            "tva",
            "mwst",
            "income tax",
            "withholding",
        ],
        Tax,
    ),
    (&["tax rate", "vat rate", "tax percent", "vat percent", "gst rate", "sales tax rate"], TaxRate),
    (
        &[
            "discount",
            "discount amount",
            "discount total",
            "total discount",
            "rebate",
            "amount discount",
            "promo discount",
        ],
        Discount,
    ),
    (&["discount rate", "discount percent"], DiscountRate),
    (
        &[
            "shipping",
            "shipping cost",
            "shipping amount",
            "shipping fee",
            "shipping total",
            "shipping price",
            "delivery fee",
            "delivery cost",
            "handling",
            "handling fee",
            "service fee",
            "service charge",
            "surcharge",
            "tip",
            "tip amount",
            "gratuity",
            "freight",
            "fee",
            "fee amount",
            "booking fee",
            "cleaning fee",
            "processing fee",
            "transaction fee",
            "extra",
            "extra total",
            "extra amount",
        ],
        Charge,
    ),
    (
        &["platform fee", "platform commission", "marketplace fee", "commission fee", "commission total", "seller fee"],
        Commission,
    ),
    (
        &[
            "earning",
            "seller earning",
            "net earning",
            "driver earning",
            "host payout",
            "seller payout",
            "seller amount",
        ],
        Earning,
    ),
    (&["approved", "approved amount", "amount approved", "accepted amount"], Approved),
    (
        &[
            "break minute",
            "minute break",
            "break duration",
            "break min",
            "pause minute",
            "break duration minute",
            "unpaid minute",
        ],
        Pause,
    ),
    (&["deduction", "deduction amount", "total deduction", "pension", "social security"], Deduction),
    (
        &[
            "bonus",
            "bonus amount",
            "overtime pay",
            "overtime amount",
            "allowance",
            "commission amount",
            "total allowance",
        ],
        Bonus,
    ),
    (&["amount paid", "paid amount", "paid", "total paid", "paid total", "deposit paid"], Paid),
    (
        &[
            "amount due",
            "balance due",
            "due amount",
            "outstanding",
            "outstanding amount",
            "outstanding balance",
            "remaining amount",
            "amount remaining",
            "remaining balance",
            "due total",
            "total due",
            "unpaid amount",
        ],
        Due,
    ),
    (&["refund amount", "refunded amount", "amount refunded", "refund total", "refunded"], Refunded),
    (
        &[
            "balance before",
            "opening balance",
            "previous balance",
            "old balance",
            "starting balance",
            "beginning balance",
            "quantity before",
            "stock before",
        ],
        Before,
    ),
    (
        &[
            "balance after",
            "closing balance",
            "new balance",
            "running balance",
            "ending balance",
            "quantity after",
            "stock after",
            "resulting balance",
        ],
        After,
    ),
    (
        &["change", "delta", "transaction amount", "quantity change", "change amount", "amount change", "adjustment"],
        Change,
    ),
    (&["on hand", "stock", "in stock", "stock quantity", "total quantity", "quantity in stock"], OnHand),
    (&["reserved", "reserved quantity", "allocated", "quantity allocated", "committed"], Reserved),
    (
        &[
            "capacity",
            "total seat",
            "total copy",
            "total room",
            "total spot",
            "seat total",
            "max participant",
            "max attendee",
            "max student",
            "max capacity",
            "total bed",
            "total slot",
            "copy total",
            "total ticket",
        ],
        Capacity,
    ),
    (
        &[
            "booked",
            "sold",
            "enrolled",
            "occupied",
            "taken",
            "enrollment",
            "occupancy",
            "enrolled count",
            "booked count",
            "sold count",
            "occupied bed",
            "ticket sold",
            "seat taken",
            "seat booked",
            "sold ticket",
        ],
        Used,
    ),
    (
        &[
            "available",
            "available quantity",
            "quantity available",
            "remaining",
            "available seat",
            "available copy",
            "seat left",
            "seat available",
            "copy available",
            "available room",
            "available spot",
            "available bed",
            "available slot",
            "remaining quantity",
            "remaining seat",
            "ticket remaining",
            "available stock",
        ],
        Available,
    ),
    (&["usage limit", "max use", "max usage", "max redemption", "use limit", "redemption limit"], UsageLimit),
    (&["used count", "usage count", "use count", "time used", "redemption count", "used"], UsageCount),
    (&["upvote", "upvote count", "up vote", "ups"], Up),
    (&["downvote", "downvote count", "down vote", "down"], Down),
    (&["balance", "account balance", "current balance"], Balance),
    (&["night", "number of night", "night count", "total night"], Nights),
    (&["day", "number of day", "day count", "total day", "duration day", "rental day", "leave day"], Days),
    (&["duration hour", "total hour", "hours", "hour count", "hours worked"], Hours),
    (&["duration minute", "duration min", "minutes", "total minute"], Minutes),
    (&["duration second", "duration sec", "seconds", "duration"], Seconds),
    (&["height", "height cm", "height m", "body height"], Height),
    (&["weight", "weight kg", "body weight"], Weight),
    (&["bmi", "body mass index"], BodyMass),
    (&["age", "age year"], Age),
    (&["percent", "score percent", "percent score", "completion percent", "share percent", "mark percent"], Percent),
    (
        &[
            "mark",
            "obtained mark",
            "mark obtained",
            "score",
            "points",
            "points earned",
            "earned points",
            "obtained",
            "score obtained",
        ],
        Obtained,
    ),
    (
        &[
            "max mark",
            "total mark",
            "maximum mark",
            "max score",
            "maximum score",
            "total score",
            "max points",
            "total points",
            "points possible",
            "possible points",
            "maximum points",
        ],
        Maximum,
    ),
    (&["win", "win count", "game won", "match won", "won"], Wins),
    (&["loss", "loss count", "game lost", "match lost", "lost"], Losses),
    (&["game played", "match played", "played", "game count", "match count", "total game", "total match"], Played),
    (&["win rate", "win percent", "win ratio"], WinRate),
    (&["width", "width m", "width cm"], Width),
    (&["length", "length m", "length cm", "depth", "depth m"], Length),
    (&["area", "surface area", "floor area"], Area),
    (
        &[
            "previous reading",
            "last reading",
            "start reading",
            "reading start",
            "previous value",
            "start odometer",
            "odometer start",
            "start mileage",
            "start km",
        ],
        Previous,
    ),
    (
        &[
            "current reading",
            "end reading",
            "reading end",
            "current value",
            "end odometer",
            "odometer end",
            "end mileage",
            "end km",
        ],
        Current,
    ),
    (&["consumption", "usage", "consumed", "unit consumed", "distance", "distance km", "usage amount"], Consumption),
    (&["debit", "debit amount"], Debit),
    (&["credit", "credit amount"], Credit),
];

/// Words for a currency or unit, ignored at the end of a name.
const UNITS: &[&str] = &["cent", "usd", "eur", "gbp", "minor", "kwh"];

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
    let table = AMOUNTS.iter().flat_map(|(phrases, amount)| phrases.iter().map(move |p| (*p, *amount)));
    table.filter(|(p, _)| name.ends(p)).max_by_key(|(p, _)| p.split(' ').count()).map(|(_, amount)| amount)
}

/// Whether the number is in hundredths of a currency unit.
pub fn in_cents(name: &str) -> bool {
    Name::new(name).words.iter().any(|w| w == "cent" || w == "minor")
}

#[cfg(test)]
mod tests {
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
