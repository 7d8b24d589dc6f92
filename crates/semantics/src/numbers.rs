//! What a number column holds, by its name: a range in its natural unit, whatever its type.

use super::names::Name;
use dbmocker_domain::Shape;

/// A range in whole units (`hi` inclusive).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub lo: f64,
    pub hi: f64,
    pub shape: Shape,
    /// Between 0 and 1 where the type has digits behind the point, in percent where not.
    pub fraction: bool,
}

const fn scale(lo: f64, hi: f64, shape: Shape) -> Scale {
    Scale { lo, hi, shape, fraction: false }
}

const fn fraction(hi: f64) -> Scale {
    Scale { lo: 0.0, hi, shape: Shape::Uniform, fraction: true }
}

use Shape::{High, Low, Uniform};

pub const SCALES: &[(&[&str], Scale)] = &[
    (&["age"], scale(18.0, 90.0, Uniform)),
    (&["month", "birth month"], scale(1.0, 12.0, Uniform)),
    (&["day", "day of month"], scale(1.0, 28.0, Uniform)),
    (&["weekday", "day of week"], scale(1.0, 7.0, Uniform)),
    (&["week", "week number"], scale(1.0, 52.0, Uniform)),
    (&["quarter"], scale(1.0, 4.0, Uniform)),
    (&["hour"], scale(0.0, 23.0, Uniform)),
    (&["minute", "minutes"], scale(0.0, 59.0, Uniform)),
    (&["second", "seconds"], scale(0.0, 59.0, Uniform)),
    (&["hours", "hours worked"], scale(1.0, 40.0, Low)),
    (&["days", "lead time days"], scale(1.0, 60.0, Low)),
    (&["quantity", "order quantity", "unit", "piece"], scale(1.0, 20.0, Low)),
    (
        &[
            "stock",
            "inventory",
            "on hand",
            "unit in stock",
            "stock quantity",
            "available quantity",
            "reorder level",
            "stock level",
        ],
        scale(0.0, 500.0, Low),
    ),
    (
        &["count", "total count", "number of", "comments", "items", "retry count", "error", "failure", "occurrence"],
        scale(0.0, 100.0, Low),
    ),
    (&["attempt", "max attempt", "max retry", "retry"], scale(1.0, 10.0, Low)),
    (&["guest", "adult", "passenger", "participant count", "guest count", "party size"], scale(1.0, 6.0, Low)),
    (&["night"], scale(1.0, 14.0, Low)),
    (&["door"], scale(2.0, 5.0, Uniform)),
    (&["bed", "bed count"], scale(1.0, 4.0, Low)),
    (&["vacation day", "leave day"], scale(0.0, 30.0, Uniform)),
    (&["bpm", "heart rate", "pulse"], scale(55.0, 110.0, Uniform)),
    (&["systolic"], scale(100.0, 150.0, Uniform)),
    (&["diastolic"], scale(60.0, 95.0, Uniform)),
    (&["body temperature"], scale(36.0, 39.0, Low)),
    (&["gpa", "grade point average"], scale(1.5, 4.0, High)),
    (&["track number", "disc number", "chapter", "chapter number", "episode", "episode number"], scale(1.0, 20.0, Low)),
    (&["bitrate", "bit rate"], scale(96.0, 320.0, Uniform)),
    (&["horsepower", "horse power"], scale(60.0, 400.0, Low)),
    (&["engine size"], scale(1.0, 5.0, Low)),
    (&["word count"], scale(100.0, 3_000.0, Low)),
    (&["reading time", "read time"], scale(1.0, 20.0, Low)),
    (&["bonus percent", "commission percent", "tax percent", "vat percent", "interest percent"], scale(0.0, 30.0, Low)),
    (
        &[
            "view",
            "views",
            "hit",
            "click",
            "likes",
            "download",
            "visit",
            "follower",
            "play",
            "share",
            "impression",
            "view count",
            "like count",
            "play count",
        ],
        scale(0.0, 50_000.0, Low),
    ),
    (
        &[
            "price",
            "unit price",
            "cost",
            "amount",
            "charge",
            "fee",
            "payment",
            "deposit",
            "bid",
            "fare",
            "paid",
            "msrp",
            "list price",
            "value",
            "freight",
            "sum",
        ],
        scale(1.0, 1_000.0, Low),
    ),
    (
        &[
            "total",
            "subtotal",
            "grand total",
            "revenue",
            "total amount",
            "total price",
            "invoice total",
            "order total",
            "sales",
            "net",
            "gross",
        ],
        scale(5.0, 5_000.0, Low),
    ),
    (&["balance", "account balance", "credit", "debit", "credit limit", "budget"], scale(0.0, 10_000.0, Low)),
    (&["salary", "income", "wage", "annual salary"], scale(25_000.0, 150_000.0, Low)),
    (&["hourly rate", "daily rate", "rental rate", "room rate"], scale(5.0, 200.0, Low)),
    (&["exchange rate", "conversion rate", "currency rate"], scale(0.5, 2.0, Uniform)),
    (&["tax rate", "interest rate", "vat rate", "discount rate", "commission rate", "rate"], fraction(0.25)),
    (&["percent", "completion", "progress", "percent complete", "humidity", "utilization"], scale(0.0, 100.0, Uniform)),
    (&["ratio", "probability", "fraction", "confidence", "share ratio", "likelihood"], fraction(1.0)),
    (&["tax", "vat", "tip", "tax amount", "shipping cost"], scale(0.0, 100.0, Low)),
    (&["discount", "discount percent", "markup", "rebate"], fraction(0.5)),
    (&["discount amount"], scale(0.0, 100.0, Low)),
    (&["latitude"], scale(-80.0, 80.0, Uniform)),
    (&["longitude"], scale(-179.0, 179.0, Uniform)),
    (&["altitude", "elevation"], scale(0.0, 3_000.0, Low)),
    (&["rating", "star", "average rating"], scale(1.0, 5.0, High)),
    (&["score", "grade", "points", "mark", "result score"], scale(0.0, 100.0, Uniform)),
    (
        &[
            "position",
            "sort",
            "sort order",
            "display order",
            "rank",
            "ranking",
            "order",
            "sequence",
            "ordinal",
            "index",
            "line number",
            "sequence number",
            "ordering",
            "row number",
            "seat",
            "slot",
            "place",
        ],
        scale(1.0, 100.0, Low),
    ),
    (&["left", "right", "tree left", "tree right"], scale(1.0, 1_000.0, Uniform)),
    (&["level", "depth", "tier", "floor"], scale(1.0, 10.0, Low)),
    (&["priority", "severity", "urgency", "importance"], scale(1.0, 5.0, Uniform)),
    (&["weight", "gross weight", "net weight", "mass"], scale(0.1, 100.0, Low)),
    (&["body weight"], scale(45.0, 120.0, Uniform)),
    (&["height", "width", "length", "depth cm", "thickness", "diameter", "radius"], scale(1.0, 300.0, Low)),
    (&["area", "square meter", "living area"], scale(20.0, 2_000.0, Low)),
    (&["volume"], scale(1.0, 1_000.0, Low)),
    (
        &["size", "bytes", "file size", "content length", "disk space", "memory", "total bytes"],
        scale(1.0, 10_000_000.0, Low),
    ),
    (
        &[
            "duration",
            "timeout",
            "interval",
            "ttl",
            "delay",
            "elapsed",
            "runtime",
            "latency",
            "response time",
            "lifetime",
            "play time",
        ],
        scale(1.0, 3_600.0, Low),
    ),
    (&["millisecond", "ms"], scale(100.0, 600_000.0, Low)),
    (&["port", "port number"], scale(1_024.0, 49_151.0, Uniform)),
    (&["version", "revision", "lock version", "edition", "generation"], scale(1.0, 20.0, Low)),
    (
        &[
            "status",
            "state",
            "type",
            "kind",
            "category",
            "class",
            "mode",
            "role",
            "stage",
            "step",
            "flag",
            "code type",
            "visibility",
        ],
        scale(0.0, 5.0, Low),
    ),
    (&["status code", "http status", "response code"], scale(200.0, 204.0, Low)),
    (&["return code", "exit code", "error code"], scale(0.0, 3.0, Low)),
    (&["capacity", "seat", "max participant", "seat total", "max user"], scale(10.0, 500.0, Low)),
    (&["population"], scale(500.0, 5_000_000.0, Low)),
    (&["limit", "max", "maximum", "quota", "threshold"], scale(10.0, 1_000.0, Low)),
    (&["min", "minimum"], scale(0.0, 10.0, Uniform)),
    (&["distance", "kilometer", "mile"], scale(1.0, 5_000.0, Low)),
    (&["mileage", "odometer"], scale(0.0, 200_000.0, Low)),
    (&["speed"], scale(0.0, 200.0, Uniform)),
    (&["temperature"], scale(-15.0, 40.0, Uniform)),
    (&["pressure"], scale(950.0, 1_050.0, Uniform)),
    (&["room", "bedroom", "bathroom"], scale(1.0, 6.0, Low)),
    (&["page", "page count", "number of page"], scale(1.0, 800.0, Low)),
    (&["zipcode", "postal code"], scale(10_000.0, 99_999.0, Uniform)),
    (&["phone", "phone number", "mobile"], scale(2_005_550_000.0, 9_995_559_999.0, Uniform)),
    (&["number", "code", "reference"], scale(1_000.0, 99_999.0, Uniform)),
    (&["id", "key"], scale(1.0, 1_000_000.0, Uniform)),
];

/// The range of a number column by its name; `year` is the present one.
pub fn scale_of(name: &Name, year: i32) -> Option<(String, Scale)> {
    let year = f64::from(year);
    if name.last() == "year" || name.has("year") && name.words.len() <= 3 && !name.has("years") {
        let (lo, hi) = match name {
            n if n.has("birth") => (year - 80.0, year - 18.0),
            n if n.has("expiry") || n.has("expiration") => (year, year + 6.0),
            _ => (year - 35.0, year),
        };
        return Some(("year".into(), scale(lo, hi, High)));
    }
    name.best(SCALES).map(|(phrase, scale)| (phrase.to_owned(), *scale))
}
