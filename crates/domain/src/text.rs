//! Text domains: the kind of a text, and its limits.

use serde::{Deserialize, Serialize};

use super::catalogue::Named;
use super::locale::Locales;

/// Text of a kind within its limits. `min_chars <= max_chars`; lengths in characters, `max_bytes` in UTF-8 bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextDomain {
    pub kind: TextKind,
    pub min_chars: u32,
    pub max_chars: u32,
    pub max_bytes: Option<u32>,
    pub case: Case,
    /// Uniqueness depends on this number of leading characters only (MySQL prefix indexes).
    pub distinct_prefix: Option<u32>,
    /// Values that must not occur; the empty text is excluded by `min_chars`.
    pub except: Vec<String>,
    /// Constant beginning and end of every value.
    pub prefix: String,
    pub suffix: String,
    /// The locales of names and words, with weights; empty for no particular locale.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub locales: Locales,
    /// The column's character set has no letters beyond ASCII.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub ascii: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    #[default]
    Any,
    Lower,
    Upper,
}

/// The kind of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextKind {
    FirstName,
    LastName,
    Name,
    Username,
    Email,
    Password,
    PasswordHash,
    Phone,
    StreetAddress,
    /// Second address line: `Apt. 12`.
    SecondaryAddress,
    City,
    State,
    StateCode,
    Zipcode,
    Country,
    CountryCode,
    Company,
    JobTitle,
    Department,
    Product,
    Category,
    Brand,
    Sku,
    /// A headline of a few words.
    Title,
    Slug,
    Word,
    /// Two to four words: tags, labels, short names.
    Words,
    Sentence,
    Paragraph,
    /// Latin filler.
    Lorem,
    Url,
    Hostname,
    Domain,
    Path,
    FileName,
    MimeType,
    IpAddress,
    Ipv6,
    MacAddress,
    UserAgent,
    Color,
    HexColor,
    CurrencyCode,
    LanguageCode,
    Locale,
    TimeZone,
    CreditCard,
    Iban,
    Isbn,
    Vin,
    LicensePlate,
    Uuid,
    /// Hex digits, as many as fit up to the given number (hashes, checksums, tokens).
    Hex {
        length: u32,
    },
    /// Letters and digits, as many as fit up to the given number (codes).
    Code {
        length: u32,
    },
    /// Decimal digits only.
    Digits {
        length: u32,
    },
    Status,
    Priority,
    Gender,
    Version,
    Json,
    Html,
    /// A date or timestamp kept as text: `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS`.
    DateText,
    DateTimeText,
    TimeText,
    NumberText,
    /// A kind that is defined in the catalogue's data files.
    Catalogue(Named),
    /// Short keys of many rows: letters, digits and punctuation, and also ideographs if `wide`.
    Signs {
        wide: bool,
    },
    /// A few sentences about one subject.
    Prose(Named),
    /// Strings that the regular expression matches as a whole.
    Pattern {
        regex: String,
    },
}

/// Letter case of unique texts if the domain does not determine it. They differ in any letter case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    Lower,
    Upper,
    /// Unchanged, except for a capital at the beginning.
    Capital,
    AsWritten,
}

impl TextKind {
    /// Whether texts of the kind may be cut, or extended by words, and remain plausible.
    pub fn is_of_words(&self) -> bool {
        use TextKind::*;
        matches!(
            self,
            Product | Category | Brand | Department | Title | Word | Words | Sentence | Paragraph | Lorem | Prose(_)
        )
    }

    pub(super) fn letters(&self) -> Letters {
        use TextKind::*;
        match self {
            Code { .. } | Sku | Iban | Vin | LicensePlate | CountryCode | StateCode | CurrencyCode => Letters::Upper,
            FirstName | LastName | Name | StreetAddress | SecondaryAddress | City | State | Country | Company
            | JobTitle | Department | Product | Category | Brand | Title | Sentence | Paragraph | Prose(_) => {
                Letters::Capital
            }
            Locale | TimeZone | Catalogue(_) => Letters::AsWritten,
            _ => Letters::Lower,
        }
    }
}

impl TextDomain {
    /// Texts of a kind with 0 to `max_chars` characters and no other limit.
    pub fn new(kind: TextKind, max_chars: u32) -> Self {
        TextDomain {
            kind,
            min_chars: 0,
            max_chars,
            max_bytes: None,
            case: Case::Any,
            distinct_prefix: None,
            except: Vec::new(),
            prefix: String::new(),
            suffix: String::new(),
            locales: Vec::new(),
            ascii: false,
        }
    }

    /// Maximum length of a text in characters.
    pub fn longest(&self) -> u32 {
        self.max_chars.min(self.max_bytes.unwrap_or(u32::MAX))
    }
}

/// All kinds with their names in config files and `dbmocker generators`.
pub const GENERATORS: &[(&str, TextKind)] = {
    use TextKind::*;
    &[
        ("first_name", FirstName),
        ("last_name", LastName),
        ("name", Name),
        ("username", Username),
        ("email", Email),
        ("password", Password),
        ("password_hash", PasswordHash),
        ("phone", Phone),
        ("address", StreetAddress),
        ("secondary_address", SecondaryAddress),
        ("city", City),
        ("state", State),
        ("state_code", StateCode),
        ("zipcode", Zipcode),
        ("country", Country),
        ("country_code", CountryCode),
        ("company", Company),
        ("job_title", JobTitle),
        ("department", Department),
        ("product", Product),
        ("category", Category),
        ("brand", Brand),
        ("sku", Sku),
        ("title", Title),
        ("slug", Slug),
        ("word", Word),
        ("words", Words),
        ("sentence", Sentence),
        ("paragraph", Paragraph),
        ("lorem", Lorem),
        ("url", Url),
        ("hostname", Hostname),
        ("domain", Domain),
        ("path", Path),
        ("file_name", FileName),
        ("mime_type", MimeType),
        ("ip_address", IpAddress),
        ("ipv6", Ipv6),
        ("mac_address", MacAddress),
        ("user_agent", UserAgent),
        ("color", Color),
        ("hex_color", HexColor),
        ("currency_code", CurrencyCode),
        ("language_code", LanguageCode),
        ("locale", Locale),
        ("time_zone", TimeZone),
        ("credit_card", CreditCard),
        ("iban", Iban),
        ("isbn", Isbn),
        ("vin", Vin),
        ("license_plate", LicensePlate),
        ("uuid", Uuid),
        ("hex", Hex { length: 32 }),
        ("code", Code { length: 8 }),
        ("digits", Digits { length: 10 }),
        ("status", Status),
        ("priority", Priority),
        ("gender", Gender),
        ("version", Version),
        ("json", Json),
        ("html", Html),
        ("date_text", DateText),
        ("datetime_text", DateTimeText),
        ("time_text", TimeText),
        ("number_text", NumberText),
    ]
};
