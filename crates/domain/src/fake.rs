//! Word lists: the only place that knows the `fake` crate.
//!
//! Data in: `fake`'s English lists (and a few of our own where it has none). Data out: [`Words`], sorted by length so
//! that "one that fits in n characters" is a prefix of the list. Everything here is ASCII, so a character is a byte.

use std::sync::LazyLock;

use fake::locales::{Data, EN};

use super::string_arena::StringArena;
use dbmocker_core::fast_format::Cursor;
use dbmocker_core::rng_stream::{CellRng, SmallDraws};

/// A list without doubles (letter case apart), shortest first.
#[derive(Debug)]
pub struct Words {
    words: StringArena,
    /// `upto[n]`: how many words have at most `n` characters.
    upto: Vec<usize>,
}

impl Words {
    fn new<'a>(list: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<&str> = list.into_iter().filter(|w| w.is_ascii()).collect();
        words.sort_by_cached_key(|w| (w.len(), w.to_ascii_lowercase()));
        words.dedup_by_key(|w| w.to_ascii_lowercase());
        let longest = words.last().map_or(0, |w| w.len());
        let upto = (0..=longest).map(|n| words.partition_point(|w| w.len() <= n)).collect();
        Words { words: StringArena::new(&words).expect("a few kilobytes of ASCII"), upto }
    }

    /// How many words have at most `room` characters; they are the first ones.
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

    /// Appends a word of at most `room` characters, if there is one.
    #[inline]
    pub fn put(&self, room: usize, rng: &mut CellRng, out: &mut String) {
        match self.fitting(room) {
            0 => {}
            n => self.words.write(rng.below(n as u64) as usize, out),
        }
    }

    /// Writes a word of at most `room` characters on a line, if there is one.
    #[inline]
    pub fn put_on(&self, room: usize, picks: &mut SmallDraws, line: &mut Cursor<'_>) {
        match self.fitting(room) {
            0 => {}
            n => self.words.write_on(picks.below(n), line),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i))
    }

    pub fn packed(&self) -> &StringArena {
        &self.words
    }

    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// A word of at most `room` characters; empty if there is none.
    #[inline]
    pub fn pick(&self, room: usize, rng: &mut CellRng) -> &str {
        match self.fitting(room) {
            0 => "",
            n => self.get(rng.below(n as u64) as usize),
        }
    }
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $list:expr;)*) => {
        $($(#[$doc])* pub static $name: LazyLock<Words> = LazyLock::new(|| Words::new($list));)*
    };
}

/// Words of letters only, so that a separator always ends them.
fn letters(list: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    list.iter().copied().filter(|w| w.len() > 2 && w.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Common nouns (the list goes on with adjectives and first names), but not those that a sentence about goods makes fun
/// of.
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
    /// Without apostrophes: for user names, hosts and paths.
    PLAIN_LAST_NAMES = letters(EN::NAME_LAST_NAME);
    LOREM = letters(EN::LOREM_WORD);
    JOB_SENIORITY = letters(EN::JOB_SENIORITY);
    JOB_FIELDS = EN::JOB_FIELD.iter().copied();
    JOB_POSITIONS = letters(EN::JOB_POSITION);
    CITY_PREFIXES = letters(EN::ADDRESS_CITY_PREFIX);
    CITY_SUFFIXES = letters(EN::ADDRESS_CITY_SUFFIX);
    STREET_SUFFIXES = letters(EN::ADDRESS_STREET_SUFFIX);
    COUNTRIES = EN::ADDRESS_COUNTRY.iter().copied().filter(|c| c.len() < 30);
    COUNTRY_CODES = EN::ADDRESS_COUNTRY_CODE.iter().copied();
    STATES = EN::ADDRESS_STATE.iter().copied();
    STATE_CODES = EN::ADDRESS_STATE_ABBR.iter().copied();
    TIME_ZONES = EN::ADDRESS_TIME_ZONE.iter().copied();
    COMPANY_SUFFIXES = EN::COMPANY_SUFFIX.iter().copied();
    BUZZ_ADJECTIVES = letters(EN::COMPANY_BUZZWORD_HEAD);
    BUZZ_NOUNS = letters(EN::COMPANY_BUZZWORD_TAIL);
    USER_AGENTS = EN::INTERNET_USER_AGENT.iter().copied();
    PATH_ROOTS = EN::PATH_ROOT_DIRS.iter().copied().filter(|d| d.len() > 1);
    NOUNS = nouns().chain(OFFICE);
    VERBS = letters(EN::COMPANY_BS_VERBS);
    WORDS = nouns().chain(OFFICE).chain(GOODS);
    EXTENSIONS = EN::PATH_EXTENSIONS.iter().copied();
    CURRENCY_CODES = EN::CURRENCY_CODE.iter().copied();
    // `fake` has no lists of its own for the rest.
    FEMALE_NAMES = [
        "Abigail", "Ada", "Adele", "Agnes", "Alice", "Alicia", "Alma", "Amanda", "Amelia", "Amy", "Ana", "Andrea",
        "Angela", "Anita", "Anna", "Anne", "Antonia", "Aria", "Astrid", "Audrey", "Aurora", "Ava", "Barbara",
        "Beatrice", "Bella", "Bianca", "Bridget", "Camila", "Carla", "Carmen", "Carol", "Caroline", "Catherine",
        "Cecilia", "Celia", "Charlotte", "Chloe", "Christina", "Clara", "Claudia", "Cora", "Cynthia", "Daisy",
        "Daniela", "Daphne", "Deborah", "Diana", "Dolores", "Donna", "Dora", "Dorothy", "Edith", "Elena", "Eliza",
        "Elizabeth", "Ella", "Ellen", "Elsa", "Emily", "Emma", "Erica", "Esther", "Eva", "Evelyn", "Fatima",
        "Felicia", "Fiona", "Flora", "Florence", "Frances", "Freya", "Gabriela", "Gemma", "Georgia", "Gina", "Gloria",
        "Grace", "Greta", "Gwen", "Hannah", "Harriet", "Hazel", "Heather", "Helen", "Helena", "Ida", "Ingrid",
        "Irene", "Iris", "Isabel", "Isla", "Ivy", "Jane", "Janet", "Jasmine", "Jennifer", "Jenny", "Jessica",
        "Joanna", "Josephine", "Joyce", "Judith", "Julia", "Juliet", "June", "Karen", "Katherine", "Kathleen",
        "Kelly", "Kim", "Lara", "Laura", "Leah", "Lena", "Leonie", "Lila", "Lillian", "Linda", "Lisa", "Lola",
        "Lorena", "Louise", "Lucia", "Lucy", "Lydia", "Mabel", "Magda", "Margaret", "Maria", "Marie", "Marion",
        "Marta", "Martha", "Mary", "Matilda", "Maya", "Melissa", "Mia", "Mila", "Miriam", "Molly", "Monica", "Nadia",
        "Nancy", "Naomi", "Natalie", "Nina", "Nora", "Olga", "Olivia", "Pamela", "Patricia", "Paula", "Pauline",
        "Penelope", "Phoebe", "Priya", "Rachel", "Rebecca", "Rita", "Rosa", "Rose", "Ruby", "Ruth", "Sabrina",
        "Sandra", "Sara", "Selma", "Sharon", "Sheila", "Silvia", "Sofia", "Sonia", "Sophie", "Stella", "Stephanie",
        "Susan", "Sylvia", "Tamara", "Tara", "Teresa", "Tina", "Ursula", "Valentina", "Valerie", "Vanessa", "Vera",
        "Veronica", "Victoria", "Viola", "Violet", "Virginia", "Vivian", "Wanda", "Wendy", "Yasmin", "Yvonne", "Zoe",
    ];
    MALE_NAMES = [
        "Aaron", "Abel", "Adam", "Adrian", "Ahmed", "Alan", "Albert", "Alexander", "Alfred", "Ali", "Alvin", "Amir",
        "Andrew", "Angus", "Anthony", "Antonio", "Arjun", "Arnold", "Arthur", "Austin", "Axel", "Barry", "Basil",
        "Benjamin", "Bernard", "Boris", "Bradley", "Brandon", "Brian", "Bruce", "Bruno", "Byron", "Caleb", "Calvin",
        "Carl", "Carlos", "Cedric", "Charles", "Christian", "Christopher", "Clarence", "Claude", "Clement",
        "Clifford", "Colin", "Conrad", "Craig", "Cyril", "Damian", "Daniel", "Darren", "David", "Dean", "Dennis",
        "Derek", "Diego", "Dominic", "Donald", "Douglas", "Duncan", "Dylan", "Eduardo", "Edgar", "Edmund", "Edward",
        "Edwin", "Elias", "Elliot", "Emil", "Eric", "Ernest", "Ethan", "Eugene", "Evan", "Felix", "Fernando", "Finn",
        "Floyd", "Francis", "Frank", "Franz", "Frederick", "Gabriel", "Gareth", "Geoffrey", "George", "Gerald",
        "Gilbert", "Glenn", "Gordon", "Graham", "Gregory", "Gustav", "Hans", "Harold", "Harry", "Harvey", "Hassan",
        "Hector", "Henry", "Herbert", "Howard", "Hugh", "Hugo", "Ian", "Igor", "Isaac", "Ivan", "Jack", "Jacob",
        "James", "Jason", "Javier", "Jeffrey", "Jeremy", "Jerome", "Joel", "John", "Jonas", "Jonathan", "Jorge",
        "Joseph", "Joshua", "Juan", "Julian", "Justin", "Karl", "Keith", "Kenneth", "Kevin", "Kurt", "Lars",
        "Laurence", "Leo", "Leon", "Leonard", "Leroy", "Lewis", "Liam", "Louis", "Lucas", "Luigi", "Luke", "Magnus",
        "Malcolm", "Marcel", "Marco", "Marcus", "Mario", "Martin", "Marvin", "Matthew", "Max", "Maxwell", "Michael",
        "Miguel", "Miles", "Mohammed", "Morris", "Nathan", "Neil", "Nicholas", "Nigel", "Noah", "Norman", "Oliver",
        "Omar", "Oscar", "Otto", "Owen", "Pablo", "Patrick", "Paul", "Pedro", "Peter", "Philip", "Pierre", "Quentin",
        "Rafael", "Ralph", "Raymond", "Reginald", "Ricardo", "Richard", "Robert", "Roberto", "Roger", "Roland",
        "Roman", "Ronald", "Roy", "Rudolf", "Rupert", "Russell", "Samuel", "Scott", "Sean", "Sebastian", "Sergio",
        "Simon", "Stanley", "Stefan", "Stephen", "Steven", "Stuart", "Theodore", "Thomas", "Timothy", "Tobias",
        "Trevor", "Victor", "Vincent", "Walter", "Warren", "Wayne", "William", "Xavier",
    ];
    ADJECTIVES = [
        "ancient", "bold", "bright", "calm", "classic", "clever", "compact", "cosy", "crisp", "deluxe", "eager", "early",
        "elegant", "fancy", "fine", "fresh", "gentle", "golden", "grand", "handy", "happy", "honest", "ideal", "jolly",
        "keen", "kind", "large", "light", "lively", "lucky", "modern", "neat", "new", "noble", "plain", "polite",
        "premium", "proud", "quick", "quiet", "rapid", "ready", "robust", "royal", "rustic", "sharp", "sleek", "slim",
        "small", "smart", "smooth", "soft", "solid", "steady", "sturdy", "sunny", "super", "swift", "tidy", "vivid",
        "warm", "wide", "wild", "wise",
    ];
    MATERIALS = [
        "bamboo", "brass", "bronze", "canvas", "ceramic", "concrete", "copper", "cork", "cotton", "felt", "glass",
        "granite", "leather", "linen", "marble", "oak", "paper", "pine", "rubber", "silk", "steel", "stone", "teak",
        "walnut", "wicker", "wool",
    ];
    THINGS = GOODS;
    /// What stands before a noun.
    QUALITIES = ADJECTIVES.iter().chain(MATERIALS.iter());
    COLORS = [
        "amber", "azure", "beige", "black", "blue", "brown", "coral", "crimson", "cyan", "gold", "gray", "green",
        "indigo", "ivory", "khaki", "lavender", "lime", "magenta", "maroon", "navy", "olive", "orange", "orchid", "pink",
        "plum", "purple", "red", "salmon", "silver", "tan", "teal", "turquoise", "violet", "white", "yellow",
    ];
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
    LANGUAGE_CODES = ["ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "id",
        "it", "ja", "ko", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "uk", "vi",
        "zh"];
    LOCALES = ["ar_SA", "bg_BG", "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "el_GR", "en_AU", "en_CA", "en_GB", "en_IN",
        "en_US", "es_ES", "es_MX", "et_EE", "fi_FI", "fr_CA", "fr_FR", "he_IL", "hi_IN", "hu_HU", "id_ID", "it_IT",
        "ja_JP", "ko_KR", "nl_BE", "nl_NL", "nb_NO", "pl_PL", "pt_BR", "pt_PT", "ro_RO", "ru_RU", "sv_SE", "tr_TR",
        "uk_UA", "vi_VN", "zh_CN", "zh_TW"];
    MIME_TYPES = ["text/css", "text/csv", "text/html", "text/plain", "image/gif", "image/jpeg", "image/png",
        "image/svg+xml", "image/webp", "audio/mpeg", "audio/ogg", "video/mp4", "video/webm", "application/gzip",
        "application/json", "application/msword", "application/pdf", "application/xml", "application/zip"];
}

/// Domains reserved for documentation (RFC 2606): no mail ever reaches anyone.
pub const MAIL_DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitting_words_are_a_prefix() {
        for list in [&*FIRST_NAMES, &*LAST_NAMES, &*COUNTRIES, &*LOREM, &*STATUSES] {
            for room in 0..40 {
                let n = list.fitting(room);
                assert!((0..n).all(|i| list.get(i).len() <= room));
                assert!((n..list.len()).all(|i| list.get(i).len() > room));
            }
        }
    }
}
