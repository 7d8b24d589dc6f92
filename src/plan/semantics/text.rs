//! What a text column holds, by its name and its table's name, within its length.
//!
//! Data in: names and a limit in characters. Data out: a [`TextKind`] or a list of members, with the words that decided.

use super::names::Name;
use crate::domain::text::TextKind;

/// What a text column was taken for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    Kind(TextKind),
    OneOf(&'static [&'static str]),
    /// `Y` or `N` in the spelling that fits; the share of yes in percent.
    Flag(u32),
}

use Meaning::{Kind, OneOf};
use TextKind as K;

type Table = &'static [(&'static [&'static str], Meaning)];

/// Phrases at the end of a name (or anywhere in it), and what they mean. The longest phrase decides.
const MEANINGS: Table = &[
    // people
    (&["first name", "given name", "forename", "middle name", "nick name", "nickname", "first"], Kind(K::FirstName)),
    (&["last name", "family name", "maiden name", "last"], Kind(K::LastName)),
    (
        &[
            "full name", "contact name", "customer name", "client name", "employee name", "person name", "author", "owner",
            "contact", "recipient", "manager", "assignee", "reporter", "creator", "editor", "created by", "updated by",
            "modified by", "approved by", "deleted by", "author name", "owner name", "contact person", "sender", "artist",
            "patient name", "student name", "guest name", "cardholder", "card holder", "passenger", "teacher", "signed by",
            "doctor", "host fullname", "real name", "legal name", "display name", "actor", "director", "beneficiary",
        ],
        Kind(K::Name),
    ),
    (
        &["user name", "username", "login", "login name", "user", "screen name", "account name", "handle", "nick", "locked by", "worker"],
        Kind(K::Username),
    ),
    (&["email", "mail", "e mail", "email address", "mail address", "reply to", "email to", "mail to"], Kind(K::Email)),
    (&["password", "passphrase", "encrypted password", "password hash", "password digest", "hashed password"], Kind(K::PasswordHash)),
    (&["phone", "mobile", "fax", "phone number", "fax number", "mobile number", "cell phone", "msisdn", "pager"], Kind(K::Phone)),
    (&["job title", "occupation", "profession", "job", "position title", "designation"], Kind(K::JobTitle)),
    (&["department", "division", "team", "department name"], Kind(K::Department)),
    (&["gender", "sex"], Kind(K::Gender)),
    (&["salutation", "name prefix", "honorific", "title prefix"], OneOf(&["Mr.", "Ms.", "Dr.", "Mrs."])),
    (&["name suffix"], OneOf(&["Jr.", "Sr.", "II", "III"])),
    (&["social security number", "national id", "tax id", "vat number", "vat", "tax number"], Kind(K::Digits { length: 9 })),
    (&["nationality"], OneOf(&["German", "French", "Italian", "Spanish", "Polish", "Indian", "Brazilian", "American"])),
    (&["marital status"], OneOf(&["single", "married", "divorced", "widowed"])),
    (&["blood type", "blood group"], OneOf(&["A+", "A-", "B+", "B-", "AB+", "AB-", "0+", "0-"])),
    (&["religion"], OneOf(&["none", "catholic", "protestant", "muslim", "hindu", "jewish", "buddhist"])),
    // places
    (
        &["address", "street", "street address", "address line", "address line 1", "address 1", "street name", "street 1",
          "address 1", "line 1"],
        Kind(K::StreetAddress),
    ),
    (&["address 2", "address line 2", "street 2", "line 2", "address 3", "apartment", "suite", "unit number", "apt"], Kind(K::SecondaryAddress)),
    (&["ip address", "ip", "remote address", "client address", "ipv4", "last ip", "host ip", "signed from ip"], Kind(K::IpAddress)),
    (&["ipv6", "ipv6 address", "ip6"], Kind(K::Ipv6)),
    (&["mac address", "mac", "hardware address"], Kind(K::MacAddress)),
    (&["city", "town", "locality", "municipality", "village", "place", "birthplace", "city name"], Kind(K::City)),
    (&["province", "region", "county", "district", "state name", "state province", "region name", "territory"], Kind(K::State)),
    (&["state code", "region code", "province code"], Kind(K::StateCode)),
    (&["zipcode", "postal code", "post code", "zip code", "postal"], Kind(K::Zipcode)),
    (&["country", "country name", "nation", "nation name", "country of origin"], Kind(K::Country)),
    (&["country code", "country iso", "iso country", "iso2", "country iso2", "iso code 2", "country abbreviation"], Kind(K::CountryCode)),
    (&["continent"], OneOf(&["Africa", "America", "Asia", "Europe", "Oceania"])),
    (&["location"], Kind(K::City)),
    (&["timezone", "time zone", "time zone id", "timezone id"], Kind(K::TimeZone)),
    // business
    (
        &["company", "company name", "organization", "employer", "vendor", "supplier", "manufacturer", "business name",
          "vendor name", "supplier name", "organization name", "publisher", "affiliation", "institution", "carrier",
          "agency", "customer", "client", "merchant", "bank", "bank name", "distributor", "insurer", "partner", "label name"],
        Kind(K::Company),
    ),
    (&["product", "product name", "item name", "part name", "article name", "item"], Kind(K::Product)),
    (&["category", "category name", "genre", "topic", "industry", "sector", "subcategory"], Kind(K::Category)),
    (&["brand", "brand name", "make", "manufacturer name"], Kind(K::Brand)),
    (&["sku", "part number", "product code", "item code", "product number", "article number", "item number", "stock code", "mpn"], Kind(K::Sku)),
    (&["isbn", "isbn13", "isbn 13"], Kind(K::Isbn)),
    (&["ean", "gtin", "upc", "barcode", "bar code"], Kind(K::Digits { length: 13 })),
    (&["issn"], Kind(K::Digits { length: 8 })),
    (&["vin", "chassis number"], Kind(K::Vin)),
    (&["license plate", "licence plate", "plate number", "registration number", "number plate"], Kind(K::LicensePlate)),
    (&["iban"], Kind(K::Iban)),
    (&["bic", "swift", "swift code"], Kind(K::Code { length: 8 })),
    (&["credit card", "card number", "credit card number", "cc number", "credit card no", "pan"], Kind(K::CreditCard)),
    (&["card type", "credit card type"], OneOf(&["visa", "mastercard", "amex", "discover"])),
    (&["cvv", "cvc"], Kind(K::Digits { length: 3 })),
    (&["account number", "bank account", "routing number", "iban number"], Kind(K::Digits { length: 10 })),
    (&["currency", "currency code", "currency iso"], Kind(K::CurrencyCode)),
    (&["payment method", "payment type", "pay method"], OneOf(&["card", "cash", "invoice", "transfer", "paypal"])),
    (&["shipping method", "ship mode", "ship via", "delivery method", "shipping type"], OneOf(&["standard", "express", "pickup", "overnight"])),
    (&["order number", "invoice number", "ticket number", "tracking number", "serial number", "reference number", "reference",
       "serial", "confirmation number", "booking number", "contract number", "policy number", "customer number",
       "document number", "lot number", "batch number", "case number", "external reference", "tracking code", "receipt number"],
     Kind(K::Code { length: 10 })),
    (&["coupon", "promo code", "coupon code", "voucher", "voucher code", "discount code", "referral code"], Kind(K::Code { length: 8 })),
    (&["uom", "unit of measure", "unit", "measure unit", "unit name"], OneOf(&["pcs", "kg", "g", "l", "m", "box", "set", "h"])),
    (&["incoterm", "incoterms"], OneOf(&["EXW", "FOB", "CIF", "DAP", "DDP"])),
    (&["invoice status", "payment status"], OneOf(&["paid", "open", "overdue", "refunded", "cancelled"])),
    // texts
    (&["title", "headline", "subject", "caption", "heading", "theme", "album", "song", "book title", "film title", "short title",
       "page title", "meta title", "event name", "course name", "project name", "campaign", "campaign name"], Kind(K::Title)),
    (&["slug", "permalink", "url key", "url name", "handle slug", "url slug", "seo name"], Kind(K::Slug)),
    (&["description", "summary", "abstract", "excerpt", "comment", "comments", "notes", "note", "remark", "remarks", "message",
       "text", "bio", "biography", "about", "reason", "details", "detail", "meta description", "short description", "intro",
       "introduction", "feedback", "answer", "question", "instruction", "instructions", "memo", "error", "error message",
       "log message", "explanation", "observation", "annotation", "synopsis", "tagline", "justification", "response",
       "status message", "last error", "failure reason", "quote", "definition", "information", "review"], Kind(K::Sentence)),
    (&["body", "content", "long description", "full text", "article", "post text", "post body", "message body", "raw text",
       "full description", "lyrics", "transcript", "letter"], Kind(K::Paragraph)),
    (&["html", "html body", "body html", "html content", "markup"], Kind(K::Html)),
    (&["keyword", "keywords", "tags", "label", "tag", "labels", "meta keywords", "tag name"], Kind(K::Words)),
    (&["name", "alias", "short name", "group name", "nickname display"], Kind(K::Words)),
    // web and files
    (&["url", "link", "website", "web site", "homepage", "home page", "web", "href", "web page", "callback", "webhook",
       "endpoint", "redirect", "avatar url", "image url", "permalink url", "feed", "referer", "referrer", "uri"], Kind(K::Url)),
    (&["host", "host name", "server", "server name", "node", "machine", "machine name", "fqdn", "node name", "computer name", "instance name"], Kind(K::Hostname)),
    (&["domain", "domain name", "mail domain", "subdomain", "zone name"], Kind(K::Domain)),
    (&["path", "file path", "directory", "folder", "dirname", "full path", "location path", "image path", "repository path", "mount point"], Kind(K::Path)),
    (&["file name", "filename", "file", "attachment", "image", "picture", "avatar", "logo", "icon", "thumbnail", "original name",
       "document", "cover", "thumb", "image name", "banner", "screenshot", "original filename"], Kind(K::FileName)),
    (&["mime type", "mime", "content type", "media type", "mimetype", "contenttype"], Kind(K::MimeType)),
    (&["extension", "file extension", "file type", "file ext", "file format"], OneOf(&["pdf", "png", "jpg", "txt", "csv", "zip", "docx", "mp4"])),
    (&["user agent", "useragent", "agent string", "browser agent"], Kind(K::UserAgent)),
    (&["browser", "browser name"], OneOf(&["Chrome", "Firefox", "Safari", "Edge", "Opera"])),
    (&["os", "operating system", "os name", "os type"], OneOf(&["Linux", "Windows", "macOS", "Android", "iOS"])),
    (&["platform", "device type"], OneOf(&["web", "ios", "android", "desktop"])),
    (&["protocol", "scheme"], OneOf(&["https", "http", "tcp", "udp", "ssh"])),
    (&["http method", "request method", "verb"], OneOf(&["GET", "POST", "PUT", "DELETE", "PATCH"])),
    (&["locale", "culture", "locale code"], Kind(K::Locale)),
    (&["language", "language name"], OneOf(&["English", "German", "French", "Spanish", "Italian", "Dutch", "Polish", "Czech"])),
    (&["language code", "iso language", "lang code", "language iso", "iso639"], Kind(K::LanguageCode)),
    (&["color", "color name", "eye color", "hair color"], Kind(K::Color)),
    (&["color code", "hex color", "background color", "text color", "color hex", "rgb", "border color"], Kind(K::HexColor)),
    // codes and secrets
    (&["uuid", "unique id", "external uuid", "global id", "correlation id", "session uuid", "rowguid", "guid"], Kind(K::Uuid)),
    (&["md5", "md5 hash", "md5 checksum", "etag"], Kind(K::Hex { length: 32 })),
    (&["sha", "sha1", "commit hash", "commit sha", "git hash", "commit"], Kind(K::Hex { length: 40 })),
    (&["sha256", "sha 256", "checksum sha256"], Kind(K::Hex { length: 64 })),
    (&["sha512"], Kind(K::Hex { length: 128 })),
    (&["crc", "crc32", "adler32"], Kind(K::Hex { length: 8 })),
    (&["hash", "checksum", "digest", "signature", "fingerprint", "hash value", "secret", "secret key", "private key", "public key",
       "api key", "token hash", "salt", "nonce", "etag hash", "thumbprint", "content hash"], Kind(K::Hex { length: 40 })),
    (&["token", "access token", "refresh token", "auth token", "api token", "session token", "reset token", "session id", "session key",
       "remember token", "authorization code", "confirmation token", "verification code", "csrf token", "session"], Kind(K::Hex { length: 32 })),
    (&["version", "version number", "release", "revision", "app version", "schema version", "version name", "firmware"], Kind(K::Version)),
    (&["code", "short code", "abbreviation", "symbol", "ticker", "acronym", "initials", "identifier", "external id", "key", "number"], Kind(K::Code { length: 8 })),
    // states and kinds
    (&["status", "order status", "current status", "job status", "workflow status"], Kind(K::Status)),
    (&["current state", "task state", "job state", "desired state", "trigger state"], Kind(K::Status)),
    (&["priority", "urgency", "importance"], Kind(K::Priority)),
    (&["severity", "risk level", "risk", "log level", "loglevel"], OneOf(&["info", "low", "medium", "high", "critical"])),
    (&["level", "difficulty", "grade", "tier", "membership level"], OneOf(&["basic", "standard", "advanced", "expert"])),
    (&["plan", "subscription", "plan name", "edition", "package"], OneOf(&["free", "basic", "pro", "team", "enterprise"])),
    (&["role", "user role", "role name", "access level", "group role"], OneOf(&["admin", "editor", "viewer", "user", "guest", "owner"])),
    (&["permission", "privilege", "right", "permission name", "action", "operation", "event type", "event", "activity", "audit action"],
     OneOf(&["create", "read", "update", "delete", "login", "export", "import", "view"])),
    (&["type", "kind", "class", "type name", "mode", "style", "variant", "sort type", "flavor"],
     OneOf(&["standard", "basic", "premium", "custom", "internal", "external", "default", "other"])),
    (&["data type", "datatype", "value type", "field type", "column type", "param type"],
     OneOf(&["string", "integer", "boolean", "date", "float", "json", "text"])),
    (&["channel", "source", "origin", "medium", "lead source", "utm source", "utm medium"],
     OneOf(&["web", "email", "phone", "store", "partner", "import", "api", "social"])),
    (&["direction"], OneOf(&["in", "out", "both"])),
    (&["frequency", "recurrence", "period", "billing cycle", "interval"], OneOf(&["daily", "weekly", "monthly", "yearly"])),
    (&["size", "size name", "shirt size"], OneOf(&["S", "M", "L", "XL", "XS", "XXL"])),
    (&["weekday", "day of week", "day name"], OneOf(&["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])),
    (&["month name"], OneOf(&["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
       "November", "December"])),
    (&["season"], OneOf(&["spring", "summer", "autumn", "winter"])),
    (&["rating"], OneOf(&["A", "B", "C", "D", "AA", "AAA"])),
    (&["environment", "stage"], OneOf(&["dev", "test", "staging", "prod"])),
    (&["material"], OneOf(&["wood", "steel", "glass", "cotton", "leather", "plastic", "stone"])),
    (&["condition"], OneOf(&["new", "used", "good", "fair", "refurbished"])),
    (&["visibility", "access", "privacy"], OneOf(&["public", "private", "internal", "shared"])),
    (&["format"], OneOf(&["text", "html", "json", "xml", "csv", "pdf"])),
    (&["encoding", "charset"], OneOf(&["utf-8", "latin1", "ascii", "utf-16"])),
    (&["module", "component", "feature", "service", "service name", "application", "app", "app name", "plugin", "library", "queue",
       "queue name", "namespace", "scope", "subsystem", "schema name", "table name", "model", "resource", "index name"], Kind(K::Slug)),
    // structured
    (&["json", "settings", "setting", "metadata", "meta", "config", "configuration", "options", "preferences", "properties",
       "payload", "extra", "extra data", "attributes", "params", "parameters", "json data", "custom fields", "meta data",
       "extra attributes", "headers", "context"], Kind(K::Json)),
    (&["xml", "xml data"], Kind(K::Html)),
    (&["value", "setting value", "property value", "data", "result"], Kind(K::Words)),
    (&["word", "term", "lemma"], Kind(K::Word)),
];

/// What the rows of a table are, by its name: the meaning of a column called `name` (or `title`, `code`, `description`).
const TABLES: &[(&[&str], TextKind)] = &[
    (
        &["user", "person", "people", "customer", "employee", "staff", "contact", "author", "actor", "member", "patient",
          "student", "teacher", "client", "owner", "driver", "guest", "doctor", "candidate", "applicant", "player", "artist",
          "passenger", "child", "attendee", "subscriber", "instructor", "director"],
        K::Name,
    ),
    (
        &["company", "organization", "supplier", "vendor", "manufacturer", "publisher", "bank", "employer", "airline", "agency",
          "carrier", "shipper", "merchant", "business", "distributor", "institution", "hospital", "store", "shop", "restaurant"],
        K::Company,
    ),
    (&["country", "nation"], K::Country),
    (&["city", "town", "location", "place", "airport"], K::City),
    (&["state", "region", "province", "county", "district", "territory"], K::State),
    (&["product", "item", "article", "part", "material", "good"], K::Product),
    (&["category", "genre", "topic", "industry"], K::Category),
    (&["brand", "make"], K::Brand),
    (&["department", "division"], K::Department),
    (&["file", "attachment", "document", "image", "picture", "upload"], K::FileName),
    (&["host", "server", "machine", "node", "computer"], K::Hostname),
    (&["domain"], K::Domain),
    (&["color"], K::Color),
    (&["timezone"], K::TimeZone),
    (&["album", "track", "song", "film", "movie", "book", "post", "article", "course", "event", "project", "playlist", "task",
       "video", "game", "story", "exam", "survey"], K::Title),
    (&["status"], K::Status),
    (&["priority"], K::Priority),
    (&["tag", "keyword", "word"], K::Word),
    (&["permission", "privilege", "module", "setting", "service", "queue", "plugin", "role", "feature"], K::Slug),
];

/// What the text column `name` of `table` holds, if its name says.
pub(super) fn meaning(table: &Name, name: &Name, siblings_place: bool) -> Option<(String, Meaning)> {
    if let Some(flag) = flag(name) {
        return Some((name.whole.clone(), Meaning::Flag(flag)));
    }
    let bare = match name.words.as_slice() {
        [only] => Some(only.as_str()),
        // `customer_name` in `customers` is `name`.
        [first, last] if table.last() == first => Some(last.as_str()),
        _ => None,
    };
    let rows = TABLES.iter().find(|(tables, _)| tables.iter().any(|t| table.ends(t))).map(|(_, kind)| kind);
    match (bare, rows) {
        (Some("name" | "title" | "label"), Some(kind)) if !(bare == Some("title") && *kind == K::Name) => {
            return Some((format!("{} of table {}", name.whole, table.whole), Kind(kind.clone())));
        }
        (Some("title"), Some(_)) => return Some((name.whole.clone(), Kind(K::JobTitle))),
        (Some("code" | "abbreviation" | "iso"), Some(K::Country)) => return Some((name.whole.clone(), Kind(K::CountryCode))),
        (Some("code" | "abbreviation"), Some(K::State)) => return Some((name.whole.clone(), Kind(K::StateCode))),
        (Some("code"), _) if table.ends("currency") => return Some((name.whole.clone(), Kind(K::CurrencyCode))),
        (Some("code"), _) if table.ends("language") => return Some((name.whole.clone(), Kind(K::LanguageCode))),
        _ => {}
    }
    if name.last() == "state" {
        let place = siblings_place || name.has_any(&["billing", "shipping", "ship", "home", "birth", "mailing"]);
        let kind = if place { K::State } else { K::Status };
        return Some((name.whole.clone(), Kind(kind)));
    }
    let (phrase, meaning) = name.best(MEANINGS)?;
    Some((if phrase == name.whole { name.whole.clone() } else { format!("{} ({phrase})", name.whole) }, meaning.clone()))
}

/// A yes/no column by its name, and how often it says yes (percent).
pub(super) fn flag(name: &Name) -> Option<u32> {
    let verb = ["is", "has", "can", "should", "allow", "allows", "was", "use", "enable", "needs", "must", "show", "hide", "require", "requires", "supports"];
    let starts = name.words.len() > 1 && verb.contains(&name.words[0].as_str());
    let state = [
        "active", "enabled", "disabled", "deleted", "visible", "hidden", "published", "available", "archived", "locked",
        "blocked", "banned", "verified", "confirmed", "approved", "required", "public", "default", "flag", "suspended",
        "deprecated", "obsolete", "bool", "boolean", "readonly", "read only", "mandatory", "optional", "featured", "expired",
        "paid", "completed", "processed", "discontinued", "removed", "inactive", "yn", "recursive", "transient",
    ];
    let named = name.ends_any(&state) && !name.ends_any(&["public key"]);
    // `is_*_at`, `has_*_count` and the like are not flags.
    let other = name.ends_any(&["at", "date", "time", "count", "id", "by", "type", "number", "name", "reason", "code", "status", "case"]);
    if !(starts || named) || (other && !starts) {
        return None;
    }
    let rare = ["deleted", "archived", "locked", "blocked", "banned", "hidden", "disabled", "suspended", "deprecated", "obsolete",
        "expired", "discontinued", "removed", "inactive"];
    let usual = ["active", "enabled", "visible", "published", "available", "verified", "confirmed", "approved"];
    Some(if name.has_any(&rare) { 8 } else if name.has_any(&usual) { 85 } else { 50 })
}

/// Characters a kind needs to look like itself, and the kind to take where there are fewer.
fn need(kind: &TextKind) -> (u32, TextKind) {
    let code = |length| K::Code { length };
    match kind {
        K::Name => (10, K::LastName),
        K::FirstName | K::LastName => (4, code(4)),
        K::Username => (6, K::Word),
        K::Email => (14, K::Username),
        K::PasswordHash => (32, K::Password),
        K::Password => (6, code(6)),
        K::Phone => (10, K::Digits { length: 10 }),
        K::StreetAddress => (16, K::City),
        K::SecondaryAddress => (9, code(8)),
        K::City | K::Country | K::Company => (8, K::Word),
        K::State => (8, K::StateCode),
        K::StateCode | K::CountryCode | K::LanguageCode => (2, code(1)),
        K::CurrencyCode => (3, code(2)),
        K::Zipcode => (5, K::Digits { length: 5 }),
        K::JobTitle | K::Department | K::Product | K::Title => (12, K::Word),
        K::Category | K::Brand => (6, K::Word),
        K::Words => (10, K::Word),
        K::Slug | K::FileName | K::MimeType | K::Path => (9, K::Word),
        K::Word => (4, code(4)),
        K::Sentence => (24, K::Words),
        K::Paragraph | K::Html => (60, K::Sentence),
        K::UserAgent => (60, K::Words),
        K::Url | K::Hostname => (20, K::Domain),
        K::Domain => (10, K::Word),
        K::IpAddress => (15, code(8)),
        K::Ipv6 => (38, K::IpAddress),
        K::MacAddress => (17, K::Hex { length: 12 }),
        K::HexColor => (7, K::Hex { length: 6 }),
        K::Color => (4, code(4)),
        K::Locale => (5, K::LanguageCode),
        K::TimeZone => (12, code(3)),
        K::CreditCard => (16, K::Digits { length: 16 }),
        K::Iban => (22, code(22)),
        K::Isbn => (13, K::Digits { length: 13 }),
        K::Vin => (17, code(17)),
        K::LicensePlate | K::Sku => (9, code(9)),
        K::Uuid => (36, K::Hex { length: 32 }),
        K::Status => (6, code(2)),
        K::Priority => (4, code(2)),
        K::Gender => (1, code(1)),
        K::Version => (8, K::Digits { length: 4 }),
        K::Json => (60, K::Words),
        K::DateTimeText => (19, K::DateText),
        K::DateText => (10, K::Digits { length: 8 }),
        K::TimeText => (8, K::Digits { length: 4 }),
        K::NumberText => (1, code(1)),
        _ => (1, code(1)),
    }
}

/// The kind itself, or the nearest shorter one that looks right in `room` characters.
pub(super) fn fitting(mut kind: TextKind, room: u32) -> TextKind {
    for _ in 0..6 {
        let (chars, shorter) = need(&kind);
        if room >= chars {
            break;
        }
        kind = match shorter {
            K::Code { length } => K::Code { length: length.min(room).max(1) },
            other => other,
        };
    }
    kind
}
