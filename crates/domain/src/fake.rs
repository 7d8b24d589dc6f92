//! Word lists; only this module uses the `fake` crate.
//!
//! Data in: the English lists of `fake`, and lists in this module where it has none. Data out: [`Words`], sorted by
//! length, so that the words of at most n bytes are a prefix of the list. Limits in characters are applied to bytes,
//! which are at least as many.

use std::collections::HashSet;
use std::sync::LazyLock;

use fake::locales::{Data, EN};

use super::fold::fold;
use super::string_arena::StringArena;
use super::weight_totals::WeightTotals;
use dbmocker_core::fast_format::Cursor;
use dbmocker_core::rng_stream::{CellRng, SmallDraws};

/// A list without duplicates (ignoring letter case and accents), shortest words first.
#[derive(Debug)]
pub struct Words {
    words: StringArena,
    /// `upto[n]`: the number of words of at most `n` bytes.
    upto: Vec<usize>,
    /// `None` for equal weights.
    totals: Option<WeightTotals>,
}

impl Words {
    fn of<'a, T: Into<WeightedWord<'a>>>(list: impl IntoIterator<Item = T>) -> Self {
        let list = list.into_iter().map(|w| {
            let WeightedWord(word, weight) = w.into();
            (word, weight)
        });
        Words::weighted(list.filter(|(w, _)| w.is_ascii()))
    }

    /// A list of words with weights, whose sum must be below 65536.
    pub fn weighted<'a>(list: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let mut words: Vec<(&str, u32)> = list.into_iter().collect();
        words.sort_by_cached_key(|(w, _)| (w.len(), w.to_ascii_lowercase()));
        let mut seen = HashSet::new();
        words.retain(|(w, _)| seen.insert(fold(w)));
        let longest = words.last().map_or(0, |(w, _)| w.len());
        let upto = (0..=longest).map(|n| words.partition_point(|(w, _)| w.len() <= n)).collect();
        let uniform = words.iter().all(|(_, weight)| *weight == 1);
        let totals = (!uniform).then(|| WeightTotals::new(words.iter().map(|(_, weight)| *weight)));
        let texts: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
        Words { words: StringArena::new(&texts).expect("a few kilobytes"), upto, totals }
    }

    /// The weights of the words; `None` if they are equal.
    pub fn weights(&self) -> Option<impl Iterator<Item = u64>> {
        let totals = self.totals.as_ref()?;
        Some((0..self.len()).map(|i| totals.first(i + 1) - totals.before(i)))
    }

    /// The index of a random word of the first `fitting` ones, by weight; `fitting` must not be 0.
    #[inline]
    pub fn pick_index(&self, fitting: usize, rng: &mut CellRng) -> usize {
        match &self.totals {
            None => rng.below(fitting as u64) as usize,
            Some(totals) => totals.item(rng.below(totals.first(fitting))),
        }
    }

    /// The share of draws that are words of at most `room` bytes, from 0 to 1.
    pub fn share(&self, room: usize) -> f64 {
        let total = |n: usize| match (n, &self.totals) {
            (0, _) => 0.0,
            (n, Some(totals)) => totals.first(n) as f64,
            (n, None) => n as f64,
        };
        total(self.fitting(room)) / total(self.len()).max(1.0)
    }

    /// Bytes of the longest word.
    pub fn longest(&self) -> usize {
        self.upto.len() - 1
    }

    /// The number of words of at most `room` bytes, which are the first ones.
    #[inline]
    pub fn fitting(&self, room: usize) -> usize {
        self.upto[room.min(self.upto.len() - 1)]
    }

    #[inline]
    pub fn get(&self, i: usize) -> &str {
        self.words.get(i)
    }

    /// Appends word `i`.
    #[inline]
    pub fn write(&self, i: usize, out: &mut String) {
        self.words.write(i, out);
    }

    /// Appends a random word of at most `room` characters, if there is one.
    #[inline]
    pub fn put(&self, room: usize, rng: &mut CellRng, out: &mut String) {
        match self.fitting(room) {
            0 => {}
            n => self.words.write(self.pick_index(n, rng), out),
        }
    }

    /// Writes a random word of at most `room` characters to a buffer, if there is one.
    #[inline]
    pub fn put_on(&self, room: usize, picks: &mut SmallDraws, line: &mut Cursor<'_>) {
        match self.fitting(room) {
            0 => {}
            n => self.words.write_on(self.index_of(n, picks), line),
        }
    }

    /// As [`pick_index`](Self::pick_index), from a source of small random numbers.
    #[inline]
    pub fn index_of(&self, fitting: usize, picks: &mut SmallDraws) -> usize {
        match &self.totals {
            None => picks.below(fitting),
            Some(totals) => totals.item(picks.below(totals.first(fitting) as usize) as u64),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i))
    }

    pub fn is_ascii(&self) -> bool {
        self.iter().all(str::is_ascii)
    }

    /// The words in one allocation.
    pub fn packed(&self) -> &StringArena {
        &self.words
    }

    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// A random word of at most `room` characters; empty if there is none.
    #[inline]
    pub fn pick(&self, room: usize, rng: &mut CellRng) -> &str {
        match self.fitting(room) {
            0 => "",
            n => self.get(self.pick_index(n, rng)),
        }
    }
}

/// A word and its weight.
struct WeightedWord<'a>(&'a str, u32);

impl<'a> From<&'a str> for WeightedWord<'a> {
    fn from(word: &'a str) -> Self {
        WeightedWord(word, 1)
    }
}

impl<'a> From<(&'a str, u32)> for WeightedWord<'a> {
    fn from((word, weight): (&'a str, u32)) -> Self {
        WeightedWord(word, weight)
    }
}

/// Parses words and weights such as `black 40 white 36`.
fn weights(text: &str) -> impl Iterator<Item = (&str, u32)> {
    let mut parts = text.split_whitespace();
    std::iter::from_fn(move || Some((parts.next()?, parts.next()?.parse().ok()?)))
}

/// A list with the weights of some words, in which `_` stands for a space; the weight of the others is 1.
fn common(list: &'static [&'static str], weights_text: &'static str) -> impl Iterator<Item = (&'static str, u32)> {
    let find =
        |word: &str| weights(weights_text).find(|(w, _)| *w == word.replace(' ', "_")).map_or(1, |(_, weight)| weight);
    list.iter().copied().map(move |word| (word, find(word)))
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $list:expr;)*) => {
        $($(#[$doc])* pub static $name: LazyLock<Words> = LazyLock::new(|| Words::of($list));)*
    };
}

/// The words that consist of letters only, and therefore contain no separator.
fn letters(list: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    list.iter().copied().filter(|w| w.len() > 2 && w.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Common nouns, without those that are out of place in sentences about goods. (The list of `fake` also contains
/// adjectives and first names.)
fn nouns() -> impl Iterator<Item = &'static str> {
    const LIVING: [&str; 9] = ["child", "eye", "hand", "life", "man", "people", "person", "thing", "woman"];
    letters(EN::PATH_SEGMENTS).take_while(|w| *w != "good").filter(|w| !LIVING.contains(w))
}

const OFFICE: [&str; 36] = [
    "archive", "backup", "budget", "catalog", "contract", "draft", "export", "family", "finance", "garden", "guide",
    "holiday", "index", "invoice", "kitchen", "letter", "library", "manual", "media", "meeting", "music", "note",
    "office", "order", "photo", "plan", "project", "report", "review", "sample", "school", "summary", "team", "travel",
    "video", "window",
];

const GOODS: [&str; 64] = [
    "backpack", "basket", "bench", "bike", "blanket", "book", "bottle", "bowl", "camera", "candle", "cap", "chair",
    "clock", "coat", "cup", "curtain", "desk", "drill", "fan", "fork", "frame", "glove", "guitar", "hammer", "hat",
    "headset", "heater", "jacket", "kettle", "keyboard", "knife", "ladder", "lamp", "mirror", "monitor", "mouse",
    "mug", "notebook", "oven", "pan", "pen", "phone", "pillow", "plate", "radio", "rug", "scarf", "shelf", "shirt",
    "shoe", "sofa", "speaker", "spoon", "stool", "table", "tent", "toaster", "towel", "toy", "tray", "umbrella",
    "vase", "wallet", "watch",
];

lists! {
    FIRST_NAMES = letters(EN::NAME_FIRST_NAME);
    LAST_NAMES = EN::NAME_LAST_NAME.iter().copied();
    /// Last names without apostrophes, for user names, hosts and paths.
    PLAIN_LAST_NAMES = letters(EN::NAME_LAST_NAME);
    LOREM = letters(EN::LOREM_WORD);
    JOB_SENIORITY = letters(EN::JOB_SENIORITY);
    JOB_FIELDS = EN::JOB_FIELD.iter().copied();
    JOB_POSITIONS = letters(EN::JOB_POSITION);
    CITY_PREFIXES = letters(EN::ADDRESS_CITY_PREFIX);
    CITY_SUFFIXES = letters(EN::ADDRESS_CITY_SUFFIX);
    STREET_SUFFIXES = letters(EN::ADDRESS_STREET_SUFFIX);
    COUNTRIES = common(EN::ADDRESS_COUNTRY, "United_States_of_America 120 Germany 50 United_Kingdom 50 France 40 India 30 Italy 28 \
        Spain 26 Brazil 24 Canada 22 Netherlands 18 Poland 18 Mexico 16 Australia 16 Japan 14 China 14 Sweden 10 \
        Switzerland 10 Austria 9 Belgium 9 Portugal 8 Ireland 7 Denmark 6 Norway 6 Turkey 8").filter(|(c, _)| c.len() < 30);
    COUNTRY_CODES = common(EN::ADDRESS_COUNTRY_CODE, "US 120 DE 50 GB 50 FR 40 IN 30 IT 28 ES 26 BR 24 CA 22 NL 18 PL 18 MX 16 \
        AU 16 JP 14 CN 14 SE 10 CH 10 AT 9 BE 9 PT 8 IE 7 DK 6 NO 6 FI 5 CZ 6 TR 8 ZA 4 KR 4 RO 3 GR 3 HU 3 NZ 3 AR 3 CO 3");
    STATES = EN::ADDRESS_STATE.iter().copied();
    STATE_CODES = EN::ADDRESS_STATE_ABBR.iter().copied();
    TIME_ZONES = common(EN::ADDRESS_TIME_ZONE, "America/New_York 30 America/Chicago 18 America/Los_Angeles 22 Europe/Berlin 20 \
        Europe/London 22 Europe/Paris 16 Europe/Madrid 9 Europe/Rome 9 Asia/Kolkata 9 Asia/Tokyo 8 Australia/Sydney 5 \
        America/Sao_Paulo 8 Europe/Warsaw 6 Asia/Shanghai 6 America/Denver 4");
    COMPANY_SUFFIXES = EN::COMPANY_SUFFIX.iter().copied();
    BUZZ_ADJECTIVES = letters(EN::COMPANY_BUZZWORD_HEAD);
    BUZZ_NOUNS = letters(EN::COMPANY_BUZZWORD_TAIL);
    USER_AGENTS = EN::INTERNET_USER_AGENT.iter().copied();
    PATH_ROOTS = EN::PATH_ROOT_DIRS.iter().copied().filter(|d| d.len() > 1);
    NOUNS = nouns().chain(OFFICE);
    VERBS = letters(EN::COMPANY_BS_VERBS);
    WORDS = nouns().chain(OFFICE).chain(GOODS);
    EXTENSIONS = EN::PATH_EXTENSIONS.iter().copied();
    /// Codes of traded currencies.
    CURRENCY_CODES = weights("USD 300 EUR 260 GBP 90 JPY 40 CHF 35 CAD 35 AUD 30 INR 30 PLN 22 BRL 22 MXN 20 CNY 20 SEK 18 \
        DKK 10 NOK 10 CZK 8 NZD 8 TRY 8 SGD 6 HKD 6 ZAR 5 KRW 5 HUF 4 RON 4 ILS 3 THB 3 AED 3 IDR 2 MYR 2 PHP 2 CLP 2 COP 2 \
        ARS 2 SAR 2 TWD 2 UAH 2 EGP 1 BGN 1 PEN 1 VND 1 NGN 1 KES 1 MAD 1 QAR 1 KWD 1 ISK 1");
    // `fake` has no lists for the rest.
    ADJECTIVES = [
        "ancient", "bold", "bright", "calm", "classic", "clever", "compact", "cosy", "crisp", "deluxe", "eager", "early",
        "elegant", "fancy", "fine", "fresh", "gentle", "golden", "grand", "handy", "happy", "honest", "ideal", "jolly",
        "keen", "kind", "large", "light", "lively", "lucky", "modern", "neat", "new", "noble", "plain", "polite",
        "premium", "proud", "quick", "quiet", "rapid", "ready", "robust", "royal", "rustic", "sharp", "sleek", "slim",
        "small", "smart", "smooth", "soft", "solid", "steady", "sturdy", "sunny", "super", "swift", "tidy", "vivid",
        "warm", "wide", "wild", "wise",
    ];
    /// Adjectives that distinguish things of one name.
    QUALITIES_OF_NAMES = [
        "Basic", "Central", "Classic", "Digital", "Eastern", "Essential", "Express", "Family", "General", "Global", "Junior",
        "Local", "Mini", "Modern", "New", "Northern", "Old", "Open", "Outdoor", "Premium", "Prime", "Select", "Smart",
        "Special", "Southern", "Sport", "Standard", "Studio", "Summer", "Urban", "Vintage", "Western", "Winter",
    ];
    MATERIALS = [
        "bamboo", "brass", "bronze", "canvas", "ceramic", "concrete", "copper", "cork", "cotton", "felt", "glass",
        "granite", "leather", "linen", "marble", "oak", "paper", "pine", "rubber", "silk", "steel", "stone", "teak",
        "walnut", "wicker", "wool",
    ];
    THINGS = GOODS;
    /// Adjectives before a noun.
    QUALITIES = ADJECTIVES.iter().chain(MATERIALS.iter());
    COLORS = weights("black 40 white 36 blue 28 gray 24 red 20 green 16 navy 10 brown 10 beige 9 pink 9 silver 9 yellow 8 orange 6 \
        purple 6 gold 5 teal 4 turquoise 3 ivory 3 olive 3 khaki 2 maroon 2 tan 2 coral 2 cyan 2 violet 2 lavender 1 lime 1 \
        magenta 1 salmon 1 plum 1 indigo 1 amber 1 azure 1 crimson 1 orchid 1");
    /// Hosts of e-mail addresses, all reserved for documentation (RFC 2606), so that mail to them is never delivered.
    MAIL_HOSTS = weights("example.com 60 example.org 34 example.net 28 mail.example 9 inbox.example 8 post.example 7 webmail.example 6 \
        home.example 5 office.example 5 acme.example 4 family.example 3 fastmail.example 4 postbox.example 4 mymail.example 3 \
        work.example 3 uni.example 3 city.example 2 cloud.example 3 shop.example 2 studio.example 2 team.example 2 north.example 2 \
        river.example 2 garden.example 1 music.example 1 travel.example 1 energy.example 1 clinic.example 1 school.example 2 \
        bakery.example 1 motors.example 1 books.example 1 foto.example 1 harbor.example 1 maple.example 1 nova.example 1 \
        orbit.example 1 pixel.example 1 summit.example 1 vista.example 1 willow.example 1 zenith.example 1");
    CATEGORIES = [
        "Art", "Automotive", "Baby", "Beauty", "Books", "Clothing", "Computers", "Education", "Electronics", "Fashion",
        "Finance", "Food", "Furniture", "Games", "Garden", "Gifts", "Grocery", "Health", "Hobby", "Home", "Industrial",
        "Jewelry", "Kitchen", "Lighting", "Luggage", "Movies", "Music", "News", "Office", "Outdoor", "Pets", "Science",
        "Shoes", "Software", "Sports", "Technology", "Tools", "Toys", "Travel", "Video",
    ];
    DEPARTMENTS = [
        "Accounting", "Administration", "Customer Service", "Design", "Engineering", "Facilities", "Finance",
        "Human Resources", "IT", "Legal", "Logistics", "Maintenance", "Marketing", "Operations", "Procurement",
        "Production", "Purchasing", "Quality", "Research", "Sales", "Security", "Support", "Training",
    ];
    STATUSES = ["new", "open", "done", "draft", "active", "closed", "failed", "paused", "pending", "approved",
        "archived", "inactive", "rejected", "cancelled", "completed"];
    PRIORITIES = ["low", "high", "medium", "normal", "urgent", "critical"];
    GENDERS = ["f", "m", "male", "other", "female"];
    LANGUAGE_CODES = weights("en 200 es 60 de 55 fr 50 pt 28 it 26 nl 18 pl 16 ja 14 zh 14 tr 9 ru 9 sv 8 da 5 no 5 fi 5 cs 6 ko 5 \
        hi 5 ar 5 uk 4 ro 4 hu 3 el 3 he 2 bg 1 et 1 hr 1 id 2 lt 1 lv 1 ms 1 sk 1 sl 1 th 1 vi 2");
    LOCALES = weights("en_US 160 en_GB 60 de_DE 55 fr_FR 45 es_ES 30 es_MX 20 pt_BR 28 it_IT 26 nl_NL 18 pl_PL 16 ja_JP 14 zh_CN 12 \
        en_CA 10 en_AU 10 en_IN 8 de_AT 6 de_CH 6 fr_CA 5 tr_TR 8 ru_RU 7 sv_SE 8 da_DK 5 nb_NO 5 fi_FI 5 cs_CZ 6 pt_PT 5 \
        ko_KR 5 nl_BE 4 uk_UA 3 ro_RO 3 hu_HU 3 el_GR 2 he_IL 2 hi_IN 2 ar_SA 3 bg_BG 1 et_EE 1 id_ID 1 vi_VN 1 zh_TW 3");
    MIME_TYPES = ["text/css", "text/csv", "text/html", "text/plain", "image/gif", "image/jpeg", "image/png",
        "image/svg+xml", "image/webp", "audio/mpeg", "audio/ogg", "video/mp4", "video/webm", "application/gzip",
        "application/json", "application/msword", "application/pdf", "application/xml", "application/zip"];
}

/// Domains reserved for documentation (RFC 2606), so that mail to them is never delivered.
pub const MAIL_DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_within_a_length_are_a_prefix() {
        for list in [&*FIRST_NAMES, &*LAST_NAMES, &*COUNTRIES, &*LOREM, &*STATUSES] {
            for room in 0..40 {
                let n = list.fitting(room);
                assert!((0..n).all(|i| list.get(i).len() <= room));
                assert!((n..list.len()).all(|i| list.get(i).len() > room));
            }
        }
    }
}
