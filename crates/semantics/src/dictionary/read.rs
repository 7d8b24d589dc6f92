//! Parses dictionary files.

use std::sync::Arc;

use thiserror::Error;

use super::{Dictionary, Meaning, NumberMeaning, TRADE_POINTS, TradeSign, Translations, Unit};
use crate::generator;
use crate::names::{canonical, split};
use crate::numbers::Scale;
use crate::privacy::Privacy;
use dbmocker_domain::Shape;
use dbmocker_domain::catalogue;
use dbmocker_domain::catalogue::{Named, NotationError};
use dbmocker_domain::text::TextKind;

/// An error in a dictionary file; line 0: the file cannot be read.
#[derive(Debug, Error)]
#[error("{file}:{line}: {why}")]
pub struct DictionaryError {
    pub file: String,
    pub line: usize,
    pub why: EntryError,
}

/// Why a line of a dictionary file, or the file, is not understood.
#[derive(Debug, Error)]
pub enum EntryError {
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error("an entry before the first heading, such as `[columns]`")]
    NoHeading,
    #[error(
        "unknown heading `{0}`; the headings are `[words LANGUAGE]`, `[columns]`, `[tables]`, `[numbers]`, \
         `[units]`, `[trades]`, `[nulls]`, `[texts]`, `[json]`, `[privacy]`, `[privacy of kinds]`, `[vocabulary]`, \
         `[never cut]`, `[never a part]`, `[no identifier]`, `[keeps its s]`, `[sites]`, `[site names]`, `[lasting]`, `[running]`, \
         `[occasions]` and `[bookings]`"
    )]
    Heading(String),
    #[error("expected `phrase, phrase -> meaning`")]
    Syntax,
    #[error("unknown kind of value `{0}`")]
    TextKind(String),
    #[error(
        "unknown kind of value `{0}`; `dbmocker generators` lists the kinds, and a list is written as \
         `one of S *2 | M *5`"
    )]
    Kind(String),
    #[error("`{0}`: expected a percentage such as `25%`")]
    Share(String),
    #[error("no `{0}`; there are secret, identifier, personal, free text, public and open")]
    Privacy(String),
    #[error("`{0}` is not a whole number")]
    Number(String),
    #[error("`{0}`: expected a range such as `1..60 low`")]
    Range(String),
    #[error("`{0}`: expected the size of the unit in a base unit, such as `1000 m`")]
    Unit(String),
    #[error(transparent)]
    List(#[from] NotationError),
}

/// A heading, which determines the kind of the lines below it.
enum Heading {
    Words(usize),
    Columns,
    Tables,
    Numbers,
    Units,
    Trades,
    Nulls,
    Texts,
    Json,
    Privacy,
    PrivacyOfKinds,
    Vocabulary,
    NeverCut,
    NeverAPart,
    NoIdentifier,
    KeepsItsS,
    Sites,
    SiteNames,
    Lasting,
    Running,
    Occasions,
    Bookings,
}

impl Dictionary {
    /// Adds the entries of a file; later entries replace earlier ones.
    pub(super) fn read(&mut self, file: &str, text: &str) -> Result<(), DictionaryError> {
        let mut heading = None;
        for (line, content) in (1..).zip(text.lines().map(str::trim)) {
            let error = |why: EntryError| DictionaryError { file: file.to_owned(), line, why };
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            if content.starts_with('[') && content.ends_with(']') {
                heading = Some(self.heading(content).map_err(error)?);
                continue;
            }
            if let (Some(rest), Some(Heading::Words(language))) = (content.strip_prefix("[word order]"), &heading) {
                self.languages[*language].noun_first = rest.trim() == "noun first";
                continue;
            }
            let heading = heading.as_ref().ok_or(EntryError::NoHeading).map_err(error)?;
            self.entry(heading, content).map_err(error)?;
        }
        Ok(())
    }

    fn heading(&mut self, text: &str) -> Result<Heading, EntryError> {
        Ok(match text.trim_matches(['[', ']']).trim() {
            "columns" => Heading::Columns,
            "tables" => Heading::Tables,
            "numbers" => Heading::Numbers,
            "units" => Heading::Units,
            "trades" => Heading::Trades,
            "nulls" => Heading::Nulls,
            "texts" => Heading::Texts,
            "json" => Heading::Json,
            "privacy" => Heading::Privacy,
            "privacy of kinds" => Heading::PrivacyOfKinds,
            "vocabulary" => Heading::Vocabulary,
            "never cut" => Heading::NeverCut,
            "never a part" => Heading::NeverAPart,
            "no identifier" => Heading::NoIdentifier,
            "keeps its s" => Heading::KeepsItsS,
            "sites" => Heading::Sites,
            "site names" => Heading::SiteNames,
            "lasting" => Heading::Lasting,
            "running" => Heading::Running,
            "occasions" => Heading::Occasions,
            "bookings" => Heading::Bookings,
            other => match other.strip_prefix("words ").map(str::trim) {
                Some(code) if !code.is_empty() => Heading::Words(self.language(code)),
                _ => return Err(EntryError::Heading(text.to_owned())),
            },
        })
    }

    /// The index of a language, which is added if it is new.
    fn language(&mut self, code: &str) -> usize {
        self.languages.iter().position(|l| l.code == code).unwrap_or_else(|| {
            self.languages.push(Translations::new(code));
            self.languages.len() - 1
        })
    }

    /// Adds the words of phrases that are long enough to be found within a name.
    fn know(&mut self, phrases: &[String]) {
        let words = phrases.iter().flat_map(|p| p.split(' '));
        let long = words.filter(|w| w.len() >= split::MIN_KNOWN && w.bytes().all(|b| b.is_ascii_lowercase()));
        self.known.extend(long.map(str::to_owned));
    }

    fn entry(&mut self, heading: &Heading, line: &str) -> Result<(), EntryError> {
        let word_list = match heading {
            Heading::Vocabulary => Some(&mut self.vocabulary),
            Heading::NeverCut => Some(&mut self.never_cut),
            Heading::NeverAPart => Some(&mut self.never_a_part),
            Heading::NoIdentifier => Some(&mut self.no_identifier),
            Heading::KeepsItsS => Some(&mut self.keeps_its_s),
            Heading::Sites => Some(&mut self.sites),
            Heading::SiteNames => {
                self.site_names.extend(line.split_whitespace().map(str::to_owned));
                return Ok(());
            }
            _ => None,
        };
        if let Some(words) = word_list {
            words.extend(line.split_whitespace().map(str::to_lowercase));
            return Ok(());
        }
        if matches!(heading, Heading::Lasting | Heading::Running | Heading::Occasions | Heading::Bookings) {
            let phrases = line.split(',').map(str::trim).filter(|p| !p.is_empty());
            let phrases: Vec<String> = phrases.map(|p| canonical(self, p)).collect();
            let rows = match heading {
                Heading::Lasting => &mut self.lasting,
                Heading::Running => &mut self.running,
                Heading::Occasions => &mut self.occasions,
                _ => &mut self.bookings,
            };
            rows.extend(phrases);
            return Ok(());
        }
        let (phrases, meaning) = line.split_once(" -> ").ok_or(EntryError::Syntax)?;
        let (phrases, meaning) = (phrases.split(',').map(str::trim).filter(|p| !p.is_empty()), meaning.trim());
        if !matches!(heading, Heading::Words(_) | Heading::PrivacyOfKinds | Heading::Privacy) {
            let phrases: Vec<String> =
                phrases.clone().map(|p| canonical(self, p.trim_end_matches(['?', '!']))).collect();
            self.know(&phrases);
        }
        match heading {
            Heading::Words(language) => {
                let language = &mut self.languages[*language];
                phrases.for_each(|p| language.add(p, meaning));
            }
            Heading::Columns | Heading::Tables => {
                let meaning = self::meaning(meaning)?;
                let columns = matches!(heading, Heading::Columns);
                for phrase in phrases.map(|p| canonical(self, p)).collect::<Vec<_>>() {
                    self.english.extend(phrase.split(' ').map(str::to_owned));
                    let map = if columns { &mut self.columns } else { &mut self.tables };
                    map.insert(phrase, meaning.clone());
                }
            }
            Heading::Numbers => {
                let range = self.numbers(meaning)?;
                for phrase in phrases.map(|p| canonical(self, p)).collect::<Vec<_>>() {
                    self.english.extend(phrase.split(' ').map(str::to_owned));
                    // Names keep these plurals: `notice_period_days`.
                    if phrase.contains(' ')
                        && [" day", " hour", " minute", " second"].iter().any(|u| phrase.ends_with(u))
                    {
                        self.numbers.insert(format!("{phrase}s"), range.clone());
                    }
                    self.numbers.insert(phrase, range.clone());
                }
            }
            Heading::Units => {
                let error = || EntryError::Unit(meaning.to_owned());
                let (size, base) = meaning.split_once(' ').ok_or_else(error)?;
                let size = size.parse().ok().filter(|size: &f64| size.is_finite() && *size > 0.0);
                let unit = Unit { size: size.ok_or_else(error)?, base: base.trim().to_owned() };
                let phrases: Vec<String> = phrases.map(|p| canonical(self, p)).collect();
                self.units.extend(phrases.into_iter().map(|p| (p, unit.clone())));
            }
            Heading::Trades => {
                for phrase in phrases {
                    let (phrase, in_table, in_column) = match (phrase.strip_suffix('?'), phrase.strip_suffix('!')) {
                        (Some(phrase), _) => (phrase, 1, 1),
                        (_, Some(phrase)) => (phrase, TRADE_POINTS, TRADE_POINTS),
                        _ => (phrase, TRADE_POINTS, 1),
                    };
                    let sign = TradeSign { trade: meaning.to_owned(), in_table, in_column };
                    self.trades.entry(canonical(self, phrase)).or_default().push(sign);
                }
            }
            Heading::Texts | Heading::Json => {
                let named = Named::find(meaning).ok_or_else(|| EntryError::TextKind(meaning.to_owned()))?;
                let phrases: Vec<String> = phrases.map(|p| canonical(self, p)).collect();
                let map = if matches!(heading, Heading::Texts) { &mut self.texts } else { &mut self.json };
                map.extend(phrases.into_iter().map(|p| (p, named)));
            }
            Heading::Nulls => {
                let share = meaning.strip_suffix('%').and_then(|n| n.trim().parse::<f64>().ok());
                let share =
                    share.filter(|n| (0.0..=100.0).contains(n)).ok_or_else(|| EntryError::Share(meaning.to_owned()))?;
                let phrases: Vec<String> = phrases.map(|p| canonical(self, p)).collect();
                self.nulls.extend(phrases.into_iter().map(|p| (p, share / 100.0)));
            }
            Heading::Privacy | Heading::PrivacyOfKinds => {
                let privacy = Privacy::parse(meaning).ok_or_else(|| EntryError::Privacy(meaning.to_owned()))?;
                if matches!(heading, Heading::PrivacyOfKinds) {
                    self.privacy_of_kinds.extend(phrases.map(|p| (p.to_owned(), privacy)));
                } else {
                    let phrases: Vec<String> = phrases.map(|p| canonical(self, p)).collect();
                    self.privacy.extend(phrases.into_iter().map(|p| (p, privacy)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Parses the meaning of a number column: `1..60 low`, `0..0.25 fraction`, `0..40 low in m/s`, `one of 200 *70 | 404`,
    /// `percent of 7 *20 | 19`.
    fn numbers(&self, text: &str) -> Result<NumberMeaning, EntryError> {
        if let Some(list) = text.strip_prefix("one of ") {
            return Ok(NumberMeaning::OneOf(whole_numbers(list)?));
        }
        if let Some(list) = text.strip_prefix("percent of ") {
            return Ok(NumberMeaning::PercentOf(whole_numbers(list)?));
        }
        let error = || EntryError::Range(text.to_owned());
        let (range, unit) = match text.split_once(" in ") {
            Some((range, unit)) => (range, Some(self.units.get(&canonical(self, unit)).ok_or_else(error)?)),
            None => (text, None),
        };
        let mut parts = range.split_whitespace();
        let (lo, hi) = parts.next().and_then(|r| r.split_once("..")).ok_or_else(error)?;
        let (lo, hi): (f64, f64) = (lo.parse().map_err(|_| error())?, hi.parse().map_err(|_| error())?);
        let (mut shape, mut fraction) = (Shape::Uniform, false);
        for word in parts {
            match word {
                "uniform" => shape = Shape::Uniform,
                "low" => shape = Shape::Low,
                "middle" => shape = Shape::Middle,
                "high" => shape = Shape::High,
                "fraction" => fraction = true,
                _ => return Err(error()),
            }
        }
        if lo > hi {
            return Err(error());
        }
        let scale = Scale { lo, hi, shape, fraction };
        Ok(unit.map_or(NumberMeaning::Scale(scale), |unit| NumberMeaning::InUnit(scale, unit.clone())))
    }
}

/// Parses the meaning of a text column: `first_name`, `code 8`, `one of S *2 | M *5`.
fn meaning(text: &str) -> Result<Meaning, EntryError> {
    if let Some(list) = text.strip_prefix("one of ") {
        return Ok(Meaning::OneOf(Arc::new(catalogue::inline(list)?)));
    }
    if let Some((name, length)) = text.split_once(' ')
        && let Ok(length) = length.parse::<u32>()
    {
        match name {
            "code" => return Ok(Meaning::Kind(TextKind::Code { length })),
            "hex" => return Ok(Meaning::Kind(TextKind::Hex { length })),
            "digits" => return Ok(Meaning::Kind(TextKind::Digits { length })),
            _ => {}
        }
    }
    match generator(text) {
        Some(kind) => Ok(Meaning::Kind(kind)),
        None => Err(EntryError::Kind(text.to_owned())),
    }
}

/// Parses a list of whole numbers with weights.
fn whole_numbers(list: &str) -> Result<Arc<Vec<(i64, u32)>>, EntryError> {
    let whole = |(n, weight): (String, u32)| match n.parse() {
        Ok(number) => Ok((number, weight)),
        Err(_) => Err(EntryError::Number(n)),
    };
    Ok(Arc::new(catalogue::inline(list)?.into_iter().map(whole).collect::<Result<_, EntryError>>()?))
}
