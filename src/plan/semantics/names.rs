//! Names of columns and tables as words: `fname`, `FirstName`, `c_first_name` and `FIRSTNAME` all end in `first name`.
//!
//! Data in: an identifier. Data out: lower-case words, abbreviations written out, singular where the plural is plain.

/// The words of a name, and whether phrases occur in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub words: Vec<String>,
    /// As it was written, in lower case.
    pub whole: String,
}

impl Name {
    pub fn new(identifier: &str) -> Self {
        let mut words = Vec::new();
        for token in split(identifier) {
            expand(&token, &mut words);
        }
        // A table's letter before its columns' names (`c_name`, `o_orderdate`) says nothing.
        while words.len() > 1 && words[0].len() == 1 {
            words.remove(0);
        }
        Name { words, whole: identifier.to_ascii_lowercase() }
    }

    /// The words end in the phrase's words.
    pub fn ends(&self, phrase: &str) -> bool {
        let n = phrase.split(' ').count();
        self.words.len() >= n && self.words[self.words.len() - n..].iter().map(String::as_str).eq(phrase.split(' '))
    }

    /// The phrase's words stand somewhere in the name, one after the other.
    pub fn has(&self, phrase: &str) -> bool {
        let n = phrase.split(' ').count();
        self.words.windows(n).any(|w| w.iter().map(String::as_str).eq(phrase.split(' ')))
    }

    pub fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|p| self.has(p))
    }

    pub fn ends_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|p| self.ends(p))
    }

    pub fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// The entry of a table of phrases that fits best: the longest the name ends in, else the longest it holds.
    pub fn best<'a, T>(&self, table: &'a [(&'a [&'a str], T)]) -> Option<(&'a str, &'a T)> {
        let longest = |fits: &dyn Fn(&str) -> bool| {
            table
                .iter()
                .flat_map(|(phrases, entry)| phrases.iter().map(move |p| (*p, entry)))
                .filter(|(p, _)| fits(p))
                .max_by_key(|(p, _)| p.split(' ').count())
        };
        longest(&|p| self.ends(p)).or_else(|| longest(&|p| self.has(p)))
    }
}

/// Cuts at everything that is not a letter or digit, at `aB`, at `ABc` and between letters and digits.
fn split(identifier: &str) -> Vec<String> {
    let chars: Vec<char> = identifier.chars().collect();
    let mut tokens: Vec<String> = Vec::new();
    let mut token = String::new();
    let mut cut = |token: &mut String| {
        if !token.is_empty() {
            tokens.push(std::mem::take(token));
        }
    };
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            cut(&mut token);
            continue;
        }
        let before = i.checked_sub(1).map(|j| chars[j]);
        let after = chars.get(i + 1);
        let hump = c.is_uppercase()
            && before
                .is_some_and(|b| b.is_lowercase() || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase())));
        let number = before.is_some_and(|b| b.is_alphanumeric() && b.is_ascii_digit() != c.is_ascii_digit());
        if hump || (number && !c.is_lowercase() && !(c.is_ascii_digit() && keeps_digits(&token))) {
            cut(&mut token);
        }
        token.extend(c.to_lowercase());
    }
    cut(&mut token);
    tokens
}

/// Words that carry a number as part of the word.
fn keeps_digits(token: &str) -> bool {
    matches!(token, "md" | "sha" | "ipv" | "crc" | "adler" | "base" | "utf" | "iso" | "mp" | "oauth" | "s" | "x")
        || token.chars().last().is_some_and(|c| c.is_ascii_digit())
}

/// Abbreviations and run-together words of databases that are older than their column length limits.
const WRITTEN_OUT: &[(&str, &str)] = &[
    ("addr", "address"),
    ("adr", "address"),
    ("amt", "amount"),
    ("attr", "attribute"),
    ("avail", "available"),
    ("avg", "average"),
    ("bal", "balance"),
    ("bday", "birth date"),
    ("birthdate", "birth date"),
    ("birthday", "birth date"),
    ("cat", "category"),
    ("ccy", "currency"),
    ("cd", "code"),
    ("cell", "mobile"),
    ("cfg", "config"),
    ("chk", "check"),
    ("cmt", "comment"),
    ("cnt", "count"),
    ("colour", "color"),
    ("conf", "config"),
    ("ctime", "created time"),
    ("ctry", "country"),
    ("cur", "currency"),
    ("curr", "currency"),
    ("cust", "customer"),
    ("dept", "department"),
    ("desc", "description"),
    ("descr", "description"),
    ("dest", "destination"),
    ("dir", "directory"),
    ("dob", "birth date"),
    ("dod", "death date"),
    ("dow", "weekday"),
    ("dt", "date"),
    ("emp", "employee"),
    ("err", "error"),
    ("exp", "expiry"),
    ("ext", "extension"),
    ("firstname", "first name"),
    ("flg", "flag"),
    ("fname", "first name"),
    ("freq", "frequency"),
    ("grp", "group"),
    ("guid", "uuid"),
    ("hostname", "host name"),
    ("img", "image"),
    ("info", "information"),
    ("inv", "invoice"),
    ("ipaddr", "ip address"),
    ("ipaddress", "ip address"),
    ("lang", "language"),
    ("lastname", "last name"),
    ("lat", "latitude"),
    ("lft", "left"),
    ("lname", "last name"),
    ("lng", "longitude"),
    ("loc", "location"),
    ("lon", "longitude"),
    ("mgr", "manager"),
    ("mname", "middle name"),
    ("mod", "modified"),
    ("msg", "message"),
    ("mtime", "modified time"),
    ("nbr", "number"),
    ("nm", "name"),
    ("no", "number"),
    ("nr", "number"),
    ("num", "number"),
    ("ord", "order"),
    ("org", "organization"),
    ("organisation", "organization"),
    ("passwd", "password"),
    ("pct", "percent"),
    ("perc", "percent"),
    ("percentage", "percent"),
    ("photo", "picture"),
    ("pic", "picture"),
    ("plz", "zipcode"),
    ("pos", "position"),
    ("postalcode", "zipcode"),
    ("postcode", "zipcode"),
    ("prio", "priority"),
    ("prod", "product"),
    ("pw", "password"),
    ("pwd", "password"),
    ("qty", "quantity"),
    ("quant", "quantity"),
    ("rec", "record"),
    ("ref", "reference"),
    ("rgt", "right"),
    ("seq", "sequence"),
    ("sqft", "area"),
    ("src", "source"),
    ("ssn", "social security number"),
    ("stat", "status"),
    ("str", "street"),
    ("subj", "subject"),
    ("surname", "last name"),
    ("tel", "phone"),
    ("telephone", "phone"),
    ("temp", "temperature"),
    ("tmp", "temporary"),
    ("tot", "total"),
    ("ts", "timestamp"),
    ("txn", "transaction"),
    ("txt", "text"),
    ("tz", "timezone"),
    ("uname", "user name"),
    ("uri", "url"),
    ("usr", "user"),
    ("val", "value"),
    ("ver", "version"),
    ("vol", "volume"),
    ("wt", "weight"),
    ("yr", "year"),
    ("zip", "zipcode"),
];

/// Words that run-together names are cut into; also words that must not be cut.
const VOCABULARY: &[&str] = &[
    "account",
    "active",
    "actual",
    "address",
    "agent",
    "amount",
    "arrival",
    "available",
    "avatar",
    "average",
    "balance",
    "base",
    "begin",
    "billing",
    "birth",
    "body",
    "book",
    "bytes",
    "category",
    "change",
    "check",
    "city",
    "client",
    "close",
    "code",
    "color",
    "comment",
    "commit",
    "company",
    "config",
    "contact",
    "content",
    "cost",
    "count",
    "country",
    "county",
    "create",
    "created",
    "credit",
    "currency",
    "customer",
    "data",
    "date",
    "delete",
    "deleted",
    "delivery",
    "department",
    "departure",
    "description",
    "discount",
    "display",
    "document",
    "due",
    "email",
    "employee",
    "enabled",
    "end",
    "ended",
    "entry",
    "event",
    "expiry",
    "family",
    "fax",
    "file",
    "first",
    "flag",
    "freight",
    "from",
    "full",
    "given",
    "grand",
    "group",
    "hash",
    "height",
    "hire",
    "home",
    "host",
    "icon",
    "image",
    "index",
    "invoice",
    "item",
    "job",
    "key",
    "label",
    "language",
    "last",
    "latitude",
    "length",
    "level",
    "line",
    "link",
    "list",
    "local",
    "location",
    "lock",
    "login",
    "logo",
    "longitude",
    "mail",
    "manager",
    "max",
    "media",
    "member",
    "message",
    "middle",
    "min",
    "mobile",
    "modified",
    "month",
    "name",
    "nick",
    "node",
    "note",
    "number",
    "object",
    "office",
    "open",
    "order",
    "page",
    "parent",
    "part",
    "password",
    "path",
    "pay",
    "payment",
    "permission",
    "person",
    "phone",
    "picture",
    "play",
    "point",
    "position",
    "post",
    "postal",
    "price",
    "priority",
    "product",
    "profile",
    "quantity",
    "rate",
    "rating",
    "reason",
    "receipt",
    "record",
    "region",
    "release",
    "rental",
    "report",
    "request",
    "require",
    "required",
    "result",
    "return",
    "review",
    "role",
    "salary",
    "sale",
    "sales",
    "score",
    "script",
    "sequence",
    "serial",
    "server",
    "service",
    "session",
    "ship",
    "shipped",
    "shipping",
    "size",
    "sort",
    "source",
    "start",
    "started",
    "state",
    "status",
    "stock",
    "store",
    "street",
    "subject",
    "supplier",
    "supply",
    "system",
    "tag",
    "target",
    "tax",
    "team",
    "text",
    "thumb",
    "time",
    "timezone",
    "title",
    "token",
    "total",
    "track",
    "type",
    "unit",
    "update",
    "updated",
    "url",
    "user",
    "value",
    "vendor",
    "version",
    "video",
    "visit",
    "web",
    "weight",
    "width",
    "work",
    "year",
    "zip",
    "zipcode",
    "zone",
];

/// Whole words that only look like two.
const WHOLE: &[&str] = &["timestamp", "username", "website", "endpoint", "background", "database", "update", "postage"];

fn expand(token: &str, words: &mut Vec<String>) {
    if let Ok(i) = WRITTEN_OUT.binary_search_by_key(&token, |(short, _)| short) {
        words.extend(WRITTEN_OUT[i].1.split(' ').map(String::from));
        return;
    }
    if token.len() >= 7
        && !WHOLE.contains(&token)
        && VOCABULARY.binary_search(&token).is_err()
        && let Some(cuts) = run_together(token, 3)
    {
        for part in cuts {
            expand(part, words);
        }
        return;
    }
    words.push(singular(token));
}

/// The token as at most `most` known words.
fn run_together(token: &str, most: usize) -> Option<Vec<&str>> {
    let known = |t: &str| VOCABULARY.binary_search(&t).is_ok() || (t == "id" || t == "at" || t == "ip" || t == "ref");
    if known(token) {
        return Some(vec![token]);
    }
    if most < 2 {
        return None;
    }
    // The longest first word wins: `postalcode` is not `post alcode`.
    token
        .char_indices()
        .map(|(i, _)| i)
        .skip(2)
        .filter(|i| known(&token[..*i]))
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .find_map(|i| {
            let mut rest = run_together(&token[i..], most - 1)?;
            rest.insert(0, &token[..i]);
            Some(rest)
        })
}

fn singular(word: &str) -> String {
    let n = word.len();
    if let Some(stem) = word.strip_suffix("ies").filter(|s| s.len() > 2 && *s != "ser" && *s != "mov") {
        return format!("{stem}y");
    }
    if ["sses", "shes", "ches", "xes"].iter().any(|e| word.ends_with(e)) {
        return word[..n - 2].to_owned();
    }
    let keep = ["ss", "us", "is", "ous"].iter().any(|e| word.ends_with(e))
        || matches!(
            word,
            "series"
                | "news"
                | "sales"
                | "has"
                | "bytes"
                | "hours"
                | "minutes"
                | "seconds"
                | "days"
                | "ms"
                | "os"
                | "dns"
                | "sms"
                | "gps"
                | "tags"
                | "notes"
                | "comments"
                | "settings"
                | "options"
                | "preferences"
                | "views"
                | "likes"
                | "points"
                | "items"
                | "keywords"
                | "attributes"
                | "details"
                | "remarks"
        );
    match word.strip_suffix('s').filter(|s| s.len() > 2 && !keep) {
        Some(stem) => stem.to_owned(),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> String {
        Name::new(name).words.join(" ")
    }

    #[test]
    fn lists_are_sorted_for_the_binary_search() {
        assert!(WRITTEN_OUT.is_sorted_by_key(|(short, _)| *short));
        assert!(VOCABULARY.is_sorted());
    }

    #[test]
    fn names_become_words() {
        for (name, expected) in [
            ("first_name", "first name"),
            ("FirstName", "first name"),
            ("FIRSTNAME", "first name"),
            ("fname", "first name"),
            ("c_first", "first"),
            ("CustomerID", "customer id"),
            ("IPAddress", "ip address"),
            ("o_orderdate", "order date"),
            ("unitprice", "unit price"),
            ("UnitPrice", "unit price"),
            ("createdat", "created at"),
            ("address2", "address 2"),
            ("address_line_2", "address line 2"),
            ("md5_checksum", "md5 checksum"),
            ("sha256", "sha256"),
            ("categories", "category"),
            ("addresses", "address"),
            ("status", "status"),
            ("timestamp", "timestamp"),
            ("dob", "birth date"),
            ("BillingPostalCode", "billing postal code"),
            ("lastmodifieddate", "last modified date"),
            ("update", "update"),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    #[test]
    fn phrases() {
        let name = Name::new("billing_address_line1");
        assert!(name.has("address line") && !name.ends("address"));
        let table: &[(&[&str], u8)] = &[(&["address"], 1), (&["address line 1", "line 1"], 2)];
        assert_eq!(name.best(table), Some(("address line 1", &2)));
    }
}
