//! Infers values from a column's comment and default.

use super::ColumnInference;
use crate::dictionary::Meaning;
use crate::names::Name;
use crate::text;
use crate::text::TextColumn;
use dbmocker_domain::catalogue::Named;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, Special};

/// Maximum words of a comment that is read as a name; a longer one is a sentence.
const FEW_WORDS: usize = 6;

/// The beginning of a comment, up to the first punctuation mark, as a name; `None` if it is empty or too long.
pub(super) fn comment_name(comment: &str) -> Option<Name> {
    let end = comment.find(['.', ',', ';', ':', '(', '\n', '，', '。', '（', '：']).unwrap_or(comment.len());
    let name = Name::new(comment[..end].trim());
    (!name.words.is_empty() && name.words.len() <= FEW_WORDS).then_some(name)
}

/// The values that a comment lists: `one of: draft, sent, paid`, `'a' or 'b'`, `N=new, P=paid`, `0: off, 1: on`. Empty
/// if it lists none.
pub(super) fn comment_values(comment: &str) -> Vec<String> {
    let quoted: Vec<String> = comment.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    if quoted.len() >= 2 && comment.matches('\'').count() == 2 * quoted.len() {
        return quoted;
    }
    let coded: Vec<String> = comment
        .split([',', ';', '\n', '，', '；'])
        .map(|part| part.rsplit(['(', ' ', '（']).find(|p| p.contains(['=', ':'])).unwrap_or(part).trim())
        .filter_map(|part| part.split_once(['=', ':', '：']))
        .map(|(code, _)| code.trim().to_owned())
        .filter(|code| !code.is_empty() && code.len() <= 12 && code.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .collect();
    if coded.len() >= 2 {
        return coded;
    }
    let lower = comment.to_lowercase();
    let after =
        ["one of", "either", "values", "allowed", "possible"].iter().find_map(|w| Some(lower.find(w)? + w.len()));
    let list = after.and_then(|at| comment.get(at..)).map(|rest| rest.trim_start_matches([':', ' ']));
    let parts: Vec<String> = list
        .map(|list| list.trim_end_matches('.').replace(" or ", ",").replace(" and ", ",").replace(['|', '/'], ","))
        .map(|list| list.split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect())
        .unwrap_or_default();
    let plain = |p: &String| p.len() <= 24 && p.split(' ').count() <= 2;
    if parts.len() >= 2 && parts.iter().all(plain) { parts } else { Vec::new() }
}

/// The number of years before the current one in texts with a year.
const YEARS: i32 = 9;

/// The form of texts that a comment states: `YYYY-MM`, `e.g. 2024/25`, `00 to 99`, `three letters`, `#rrggbb`. `None` if
/// it states none. With `false`: an example, or a number of letters, which a name that is understood precedes.
pub(super) fn comment_form(comment: &str, year: i32) -> Option<(TextKind, bool)> {
    let pattern = |regex: String| Some((TextKind::Pattern { regex }, true));
    let trimmed = |word: &str| word.trim_matches(['\'', '"', '`', ',', ';', '.', ':', '(', ')']).to_owned();
    let words: Vec<String> = comment.split_whitespace().map(trimmed).filter(|w| !w.is_empty()).collect();
    for word in &words {
        match word.as_str() {
            "#rrggbb" | "#RRGGBB" => return Some((TextKind::HexColor, true)),
            "YYYY-MM" | "yyyy-mm" => return pattern(months("-", year)),
            "YYYYMM" | "yyyymm" => return pattern(months("", year)),
            "YYYY-MM-DD" | "yyyy-mm-dd" => return Some((TextKind::DateText, true)),
            "HH:MM" | "hh:mm" | "HH:mm" => return pattern("([01][0-9]|2[0-3]):(00|15|30|45)".into()),
            "YYYY/YY" | "yyyy/yy" => return Some((school_years('/', year), true)),
            _ => {}
        }
    }
    let example = words.windows(2).find(|w| matches!(w[0].to_lowercase().as_str(), "e.g" | "eg" | "example"));
    if let Some([_, text]) = example {
        return Some((form_of(text, year)?, false));
    }
    if let Some([from, _, to]) = words.windows(3).find(|w| matches!(w[1].as_str(), "to" | "through" | "-" | "..")) {
        let digits = |w: &String| w.bytes().all(|b| b.is_ascii_digit());
        let all = digits(from) && digits(to) && from.len() == to.len() && from.starts_with('0');
        return all
            .then(|| pattern(format!("[0-9]{{{}}}", to.len())))
            .flatten()
            .filter(|_| to.bytes().all(|b| b == b'9'));
    }
    let counts = ["two", "three", "four", "five", "six"];
    // `at least three letters` is no form.
    let part = |before: &String| {
        const PARTS: &[&str] =
            &["least", "most", "to", "with", "of", "than", "first", "last", "contains", "minimum", "maximum"];
        PARTS.contains(&before.to_lowercase().as_str())
    };
    let counted = (0..words.len().saturating_sub(1)).find_map(|at| {
        let w = &words[at..at + 2];
        if at > 0 && part(&words[at - 1]) {
            return None;
        }
        let n = counts.iter().position(|c| w[0].eq_ignore_ascii_case(c)).map(|i| i + 2)?;
        let class = match w[1].to_lowercase().as_str() {
            "letters" | "capitals" => "[A-Z]",
            "digits" => "[0-9]",
            _ => return None,
        };
        Some(format!("{class}{{{n}}}"))
    });
    counted.map(|regex| (TextKind::Pattern { regex }, false))
}

/// The form of an example: its letters and digits are replaced, everything else stays. `None` for a word without digits,
/// which may be a member of a list.
fn form_of(example: &str, year: i32) -> Option<TextKind> {
    let bytes = example.as_bytes();
    if bytes.len() == 7 && (bytes[4] == b'/' || bytes[4] == b'-') {
        let number = |text: &str| text.parse::<u32>().ok();
        let (from, to) = (number(&example[..4])?, number(&example[5..])?);
        if (from + 1) % 100 == to {
            return Some(school_years(char::from(bytes[4]), year));
        }
    }
    let plain = example.is_ascii() && example.bytes().any(|b| b.is_ascii_digit()) && example.len() <= 40;
    let class = |c: char| match c {
        '0'..='9' => "[0-9]".to_owned(),
        'A'..='Z' => "[A-Z]".to_owned(),
        'a'..='z' => c.to_string(),
        other if other.is_ascii_punctuation() => format!("[\\{other}]"),
        other => format!("[{other}]"),
    };
    plain.then(|| TextKind::Pattern { regex: example.chars().map(class).collect() })
}

/// The months of the last years: `2024-07`.
fn months(separator: &str, year: i32) -> String {
    let years: Vec<String> = (year - YEARS..year).map(|y| y.to_string()).collect();
    format!("({}){separator}(0[1-9]|1[0-2])", years.join("|"))
}

/// Years from one summer to the next: `2024/25`; the last one begins before `year`.
fn school_years(separator: char, year: i32) -> TextKind {
    let name = |y: i32| format!("{y}[{separator}]{:02}", (y + 1) % 100);
    let years: Vec<String> = (year - YEARS..year).map(name).collect();
    TextKind::Pattern { regex: years.join("|") }
}

impl ColumnInference<'_> {
    /// The text of a default that is one constant: `pending` for `'pending'::character varying`; else `None`.
    pub(super) fn default_text(&self) -> Option<&str> {
        let text = self.default.trim().trim_start_matches('(');
        let text = text.strip_prefix('\'').and_then(|t| t.split_once('\'')).map(|(t, _)| t);
        text.or_else(|| {
            // MySQL reports text defaults without quotes.
            let bare = self.default.as_str();
            let word = bare.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/'));
            (word && bare.starts_with(|c: char| c.is_alphabetic()) && !bare.eq_ignore_ascii_case("null"))
                .then_some(bare)
        })
    }

    /// The domain of UUIDs, of the version that the default's function makes.
    pub(super) fn uuid(&self) -> (Domain, String) {
        let default = self.default.to_ascii_lowercase();
        let kind = match () {
            () if default.contains("uuidv7") || default.contains("uuid_v7") || default.contains("uuid_generate_v7") => {
                "uuid7"
            }
            () if default.contains("uuid_generate_v1") || default.trim() == "uuid()" => "uuid1",
            () => return (Domain::Special(Special::Uuid), "type".into()),
        };
        match Named::find(kind) {
            Some(named) => (
                Domain::Text(dbmocker_domain::TextDomain::new(TextKind::Catalogue(named), 36)),
                format!("default `{}`", self.default),
            ),
            None => (Domain::Special(Special::Uuid), "type".into()),
        }
    }

    /// The meaning of a text column of at most `room` characters, by its name, neighbours and comment.
    pub(super) fn meaning(&self, room: u32) -> Option<(String, Meaning)> {
        self.meaning_with(room, self.comment.as_ref())
    }

    /// The meaning by the name, whatever the comment says.
    pub(super) fn meaning_of_name(&self, room: u32) -> Option<(String, Meaning)> {
        self.meaning_with(room, None)
    }

    fn meaning_with(&self, room: u32, comment: Option<&Name>) -> Option<(String, Meaning)> {
        text::meaning(&TextColumn { name: &self.name, neighbours: &self.neighbours, room, comment })
    }

    /// The kind of text by its default, for columns whose name is not in the dictionary: `'USD'` is a currency,
    /// `'en-US'` a locale.
    pub(super) fn by_default(&self) -> Option<TextKind> {
        let text = self.default_text()?;
        let upper = |n| text.len() == n && text.bytes().all(|b| b.is_ascii_uppercase());
        let lower = |n| text.len() == n && text.bytes().all(|b| b.is_ascii_lowercase());
        let find = |n| Named::find(n).map(TextKind::Catalogue);
        match text {
            _ if upper(3) && CURRENCIES.contains(&text) => Some(TextKind::CurrencyCode),
            "UTC" | "GMT" => Some(TextKind::TimeZone),
            _ if lower(2) && ["en", "de", "fr", "es", "it", "nl", "pt", "pl"].contains(&text) => {
                Some(TextKind::LanguageCode)
            }
            _ if upper(2) && ["US", "DE", "GB", "FR", "NL", "ES", "IT", "CH", "AT"].contains(&text) => {
                Some(TextKind::CountryCode)
            }
            _ if text.len() == 5 && text[2..].starts_with(['-', '_']) => Some(TextKind::Locale),
            _ if text.starts_with('#') && text.len() == 7 => Some(TextKind::HexColor),
            _ if text.starts_with("Europe/") || text.starts_with("America/") => Some(TextKind::TimeZone),
            "pending" | "new" | "draft" | "open" | "queued" => Some(TextKind::Status),
            "normal" | "medium" => Some(TextKind::Priority),
            "user" | "member" => find("role_name"),
            _ => None,
        }
    }
}

const CURRENCIES: [&str; 8] = ["USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "PLN"];
