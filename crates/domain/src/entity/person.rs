//! A row's person: first and last name, what is made of them, and the sex that goes with the first name.

use super::Attribute;
use crate::fake::{FEMALE_NAMES, FIRST_NAMES, MAIL_DOMAINS, MALE_NAMES, PLAIN_LAST_NAMES, Words};
use crate::text::{Case, TextKind};
use crate::{Domain, Sampler, TextDomain, text_format};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// One row in so many is of neither sex, where a column can say so.
const NEITHER: u64 = 24;
/// Letters and digits that a numbered text needs before any `@`.
const NUMBERED: usize = 16;
/// A numbered text has at least so many of them.
const SHORTEST: usize = 4;

#[derive(Debug)]
pub(super) struct PersonWriter {
    sexed: bool,
    form: NameForm,
}

#[derive(Debug)]
enum NameForm {
    Sex { female: Vec<String>, male: Vec<String>, neither: Vec<String> },
    Text(Box<Text>),
}

/// Names, and texts made of them.
#[derive(Debug)]
struct Text {
    attribute: Attribute,
    joint: Joint,
    domain: TextDomain,
    /// Characters between the domain's constant ends.
    room: usize,
    /// What is drawn where a name does not fit.
    otherwise: Sampler,
}

/// What stands between the names of a user name.
#[derive(Debug, Clone, Copy)]
enum Joint {
    Any,
    Underscore,
    Nothing,
}

/// A row's person, looked at only as far as a column tells.
#[derive(Clone, Copy)]
struct Person {
    word: u64,
    sexed: bool,
}

/// A word of a list.
#[derive(Clone, Copy)]
struct Word(&'static Words, usize);

impl Word {
    fn pick(words: &'static Words, rng: &mut CellRng) -> Self {
        Word(words, rng.below(words.len() as u64) as usize)
    }

    #[inline]
    fn write(self, out: &mut String) {
        self.0.write(self.1, out);
    }

    fn initial(self) -> char {
        self.0.get(self.1).chars().next().unwrap_or_default()
    }
}

/// First and last name.
#[derive(Clone, Copy)]
struct Names(Word, Word);

impl Person {
    /// The words of different questions, in any order.
    fn rng(self, question: u64) -> CellRng {
        CellRng::new(self.word ^ question.wrapping_mul(0x9fb2_1c65_1e98_df25))
    }

    fn is_female(self) -> bool {
        self.word & 1 == 0
    }

    fn is_neither(self) -> bool {
        self.rng(2).below(NEITHER) == 0
    }

    #[inline]
    fn first(self) -> Word {
        let words: &'static Words = match (self.sexed, self.is_female()) {
            (false, _) => &FIRST_NAMES,
            (true, true) => &FEMALE_NAMES,
            (true, false) => &MALE_NAMES,
        };
        Word::pick(words, &mut self.rng(0))
    }

    #[inline]
    fn last(self) -> Word {
        Word::pick(&PLAIN_LAST_NAMES, &mut self.rng(1))
    }

    fn names(self) -> Names {
        Names(self.first(), self.last())
    }
}

impl PersonWriter {
    pub fn new(sexed: bool, attribute: Attribute, domain: &Domain, numbered: bool) -> Option<Self> {
        let form = match (attribute, domain) {
            (Attribute::Sex, _) if numbered => return None,
            (Attribute::Sex, _) => sexes(domain)?,
            (_, Domain::Text(t)) => NameForm::Text(Box::new(Text::new(sexed, attribute, t, numbered)?)),
            _ => return None,
        };
        Some(PersonWriter { sexed, form })
    }

    pub fn write(&self, word: u64, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        let person = Person { word, sexed: self.sexed };
        match &self.form {
            NameForm::Sex { female, male, neither } => {
                let among = match () {
                    () if !neither.is_empty() && person.is_neither() => neither,
                    () if person.is_female() => female,
                    () => male,
                };
                out.push_str(rng.pick::<String>(among));
            }
            NameForm::Text(text) => text.write(person, rng, number, out),
        }
    }
}

/// The members of a list, by sex.
fn sexes(domain: &Domain) -> Option<NameForm> {
    let listed: Vec<String> = match domain {
        Domain::Choice { values, weights: None } => {
            let text = |v: &Value| if let Value::Text(s) = v { Some(s.clone()) } else { None };
            values.iter().map(text).collect::<Option<_>>()?
        }
        Domain::Text(t) if t.kind == TextKind::Gender => {
            let allows = |list: &&[&str]| list.iter().all(|s| domain.contains(&Value::text(*s)));
            let spellings: [&[&str]; 3] = [&["female", "male", "other"], &["F", "M"], &["f", "m"]];
            spellings.iter().copied().find(allows)?.iter().map(|s| (*s).to_owned()).collect()
        }
        _ => return None,
    };
    let (mut female, mut male, mut neither) = (vec![], vec![], vec![]);
    for text in listed {
        match text.trim_end().trim_end_matches('.').to_lowercase().as_str() {
            "f" | "female" | "w" | "woman" | "mrs" | "ms" | "miss" | "frau" | "mme" => female.push(text),
            "m" | "male" | "man" | "mr" | "herr" => male.push(text),
            _ => neither.push(text),
        }
    }
    (!female.is_empty() && !male.is_empty()).then_some(NameForm::Sex { female, male, neither })
}

impl Text {
    fn new(sexed: bool, attribute: Attribute, t: &TextDomain, numbered: bool) -> Option<Self> {
        let ends = t.prefix.chars().count() + t.suffix.chars().count();
        let room = (t.max_chars.min(t.max_bytes.unwrap_or(u32::MAX)) as usize).checked_sub(ends)?;
        let otherwise = Domain::Text(t.clone()).sampler();
        let mut text = Text { attribute, joint: Joint::Any, domain: t.clone(), room, otherwise };
        if text.otherwise.size() == 0 || (numbered && !text.can_be_numbered()) {
            return None;
        }
        if t.kind == attribute.kind() {
            return Some(text);
        }
        if !matches!(t.kind, TextKind::Pattern { .. }) {
            return None;
        }
        // Whatever a pattern is for, it is kept if every shape of text keeps it.
        text.domain.prefix.clear();
        text.domain.suffix.clear();
        text.room += ends;
        for joint in [Joint::Any, Joint::Underscore, Joint::Nothing] {
            text.joint = joint;
            if text.samples(sexed, numbered).all(|s| s.is_some_and(|s| text.otherwise.contains(&Value::Text(s)))) {
                return Some(text);
            }
        }
        None
    }

    /// Whether a number has room, and nothing but it decides what texts differ.
    fn can_be_numbered(&self) -> bool {
        let (domain, host) = match self.attribute {
            Attribute::Email => (&self.domain, self.longest_host()),
            Attribute::Username => (&self.domain, 0),
            _ => return false,
        };
        let least = domain.min_chars as usize;
        let shortest = SHORTEST + host + domain.prefix.len() + domain.suffix.len();
        self.room >= NUMBERED + host
            && least <= shortest
            && domain.except.is_empty()
            && domain.distinct_prefix.is_none_or(|d| d >= domain.max_chars)
    }

    /// An `@` and what follows, unless every text of the column ends so.
    fn longest_host(&self) -> usize {
        if self.domain.suffix.contains('@') {
            return 0;
        }
        1 + MAIL_DOMAINS.iter().map(|d| d.len()).max().expect("there are some")
    }

    /// Texts of every shape, of the shortest and the longest names and of many others; `None` where one finds no room.
    fn samples(&self, sexed: bool, numbered: bool) -> impl Iterator<Item = Option<String>> + use<'_> {
        let ends = |w: &'static Words| [Word(w, 0), Word(w, w.len() - 1)];
        let first = ends(&FIRST_NAMES).into_iter().chain(ends(&FEMALE_NAMES)).chain(ends(&MALE_NAMES));
        let extreme = first.flat_map(move |first| ends(&PLAIN_LAST_NAMES).map(|last| Names(first, last)));
        let extreme = extreme.flat_map(|names| (0..24).map(move |i| (i, names)));
        let others = (0..400).map(move |i| (i, Person { word: dbmocker_core::rng_stream::mix(i), sexed }.names()));
        extreme.chain(others).map(move |(i, names)| {
            let mut out = String::new();
            let number = numbered.then(|| 10u64.pow(i as u32 % 12) + 8 * i);
            self.compose(names, &mut CellRng::new(i), number, &mut out).then_some(out)
        })
    }

    fn write(&self, person: Person, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        let start = out.len();
        // A single name is all that most columns tell.
        let names = match self.attribute {
            Attribute::FirstName => Names(person.first(), Word(&PLAIN_LAST_NAMES, 0)),
            Attribute::LastName => Names(Word(&FIRST_NAMES, 0), person.last()),
            _ => person.names(),
        };
        if !self.compose(names, rng, number, out) {
            debug_assert!(number.is_none(), "what is numbered always finds room");
            out.truncate(start);
            self.otherwise.draw_text(rng, out);
        }
    }

    /// Whether the text keeps the domain's limits.
    fn compose(&self, names: Names, rng: &mut CellRng, number: Option<u64>, out: &mut String) -> bool {
        let d = &self.domain;
        let start = out.len();
        out.push_str(&d.prefix);
        let body = out.len();
        match self.attribute {
            Attribute::FirstName => names.0.write(out),
            Attribute::LastName => names.1.write(out),
            Attribute::FullName => full(names, self.room, out),
            Attribute::Username => self.login(names, self.room, rng, number, out),
            _ => self.email(names, rng, number, out),
        }
        let fits = out.len() - body <= self.room;
        match d.case {
            Case::Any => {}
            Case::Lower => out[body..].make_ascii_lowercase(),
            Case::Upper => out[body..].make_ascii_uppercase(),
        }
        out.push_str(&d.suffix);
        let text = &out[start..];
        fits && text.len() >= d.min_chars as usize && !d.except.iter().any(|e| e.trim_end().eq_ignore_ascii_case(text))
    }

    fn email(&self, names: Names, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        if self.domain.suffix.contains('@') {
            return self.login(names, self.room, rng, number, out);
        }
        let host = *rng.pick::<&str>(&MAIL_DOMAINS);
        self.login(names, self.room.saturating_sub(host.len() + 1), rng, number, out);
        out.push('@');
        out.push_str(host);
    }

    /// `maria.lopez`, `mlopez`, `maria_lopez17`: letters, then the number, so that different numbers make different
    /// texts.
    fn login(&self, names: Names, room: usize, rng: &mut CellRng, number: Option<u64>, out: &mut String) {
        let start = out.len();
        let (initial, joint) = match (self.joint, rng.below(8)) {
            (_, 0) => (true, ""),
            (Joint::Nothing, _) => (false, ""),
            (Joint::Underscore, _) | (Joint::Any, 1 | 2) => (false, "_"),
            (Joint::Any, _) => (false, "."),
        };
        let digits = match number {
            Some(n) => Some(n.saturating_add(1)),
            None => (rng.below(3) == 0).then(|| 10 + rng.below(90)),
        };
        let width = digits.map_or(0, |n| n.ilog10() as usize + 1);
        joined(names, initial, joint, out);
        if number.is_some() {
            let letters = room.saturating_sub(width).min(out.len() - start);
            out.truncate(start + letters);
            while out.len() > start && out.ends_with(['.', '_']) {
                out.pop();
            }
        } else if out.len() - start + width > room {
            out.truncate(start);
            return joined(names, true, "", out);
        }
        if let Some(n) = digits {
            text_format::number(n, out);
        }
    }
}

/// `Maria Lopez`, or `M. Lopez` in a narrow column.
fn full(Names(first, last): Names, room: usize, out: &mut String) {
    let start = out.len();
    first.write(out);
    out.push(' ');
    last.write(out);
    if out.len() - start > room {
        out.truncate(start);
        out.push(first.initial());
        out.push_str(". ");
        last.write(out);
    }
}

/// The names in lower-case letters.
fn joined(Names(first, last): Names, initial: bool, joint: &str, out: &mut String) {
    let start = out.len();
    if initial {
        out.push(first.initial());
    } else {
        first.write(out);
    }
    out.push_str(joint);
    last.write(out);
    out[start..].make_ascii_lowercase();
}
