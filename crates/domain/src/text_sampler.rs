//! Draws and enumerates texts of one domain, within its limits.
//!
//! Data in: a [`TextDomain`]. Data out: text appended to a `String`. A text is `prefix + body + suffix`; the body comes
//! from [`draw`](super::draw) or [`text_index`](super::text_index), within the remaining length.

use super::fast_text::Lines;
use super::fit::SHORTEST;
use super::pattern;
use super::pattern_body::PatternBody;
use super::text::{Case, Letters, TextDomain, TextKind};
use super::text_index::{Limits, TextUnranker, skipping};
use super::{draw, fold, locale};
use dbmocker_core::rng_stream::CellRng;

/// Up to this size, the excepted texts are found by enumerating all.
const ENUMERATED: u128 = 1 << 14;
/// Attempts to draw a text that is not excepted.
const REDRAWS: u32 = 16;
/// Attempts to draw a text that already has the constant prefix and suffix.
const WHOLE_DRAWS: u32 = 6;

#[derive(Debug, Clone)]
pub(super) struct TextSampler {
    domain: TextDomain,
    min: usize,
    room: usize,
    body: TextSource,
    excluded: Excluded,
    size: u128,
    /// A drawn text of the kind needs no changes, which is the usual case.
    plain: bool,
}

#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one a column, and nearly always the large one")]
enum TextSource {
    Kind(TextUnranker),
    /// Whole texts, including prefix and suffix.
    Pattern(Box<PatternBody>),
}

/// How enumeration avoids the texts of `except`.
#[derive(Debug, Clone)]
enum Excluded {
    /// Their numbers, sorted, which are skipped.
    Numbers(Vec<u128>),
    /// For each excepted text (in lower case), the number of the text that replaces it, which is beyond the size.
    Replaced(Vec<(String, u128)>),
}

impl TextSampler {
    pub fn new(domain: &TextDomain) -> Self {
        let constant = [&domain.prefix, &domain.suffix];
        let chars: usize = constant.iter().map(|s| s.chars().count()).sum();
        let bytes: usize = constant.iter().map(|s| s.len()).sum();
        let limit = |limit: u32, used: usize| (limit as usize).checked_sub(used);
        let room = limit(domain.max_chars, chars)
            .and_then(|room| Some(room.min(domain.max_bytes.map_or(Some(usize::MAX), |b| limit(b, bytes))?)));
        let min = (domain.min_chars as usize).saturating_sub(chars);
        let possible = room.is_some_and(|room| min <= room);
        let room = room.unwrap_or(0);
        let body = match &domain.kind {
            TextKind::Pattern { regex } => PatternBody::new(regex, domain).map(|p| TextSource::Pattern(Box::new(p))),
            kind => {
                let before = domain.prefix.chars().count();
                let distinct_chars =
                    domain.distinct_prefix.map_or(room, |d| (d as usize).saturating_sub(before).min(room));
                let fixed = domain.distinct_prefix.is_some() && !domain.suffix.is_empty();
                Some(TextSource::Kind(TextUnranker::new(kind, Limits { min, max: room, distinct_chars, fixed })))
            }
        };
        let possible = possible && body.is_some();
        let body = body.unwrap_or_else(|| {
            let empty = Limits { min: 0, max: 0, distinct_chars: 0, fixed: false };
            TextSource::Kind(TextUnranker::new(&TextKind::Word, empty))
        });
        let mut sampler = TextSampler {
            domain: domain.clone(),
            min,
            room,
            body,
            excluded: Excluded::Numbers(vec![]),
            size: 0,
            plain: false,
        };
        if possible {
            sampler.exclude();
        }
        sampler.plain = sampler.size > 0 && sampler.is_plain();
        sampler
    }

    fn is_plain(&self) -> bool {
        let d = &self.domain;
        let ends = d.prefix.is_empty() && d.suffix.is_empty();
        let own = d.locales.is_empty() && !(d.ascii && may_be_non_ascii(&d.kind));
        matches!(self.body, TextSource::Kind(_))
            && own
            && ends
            && self.min <= 1
            && d.case == Case::Any
            && d.except.is_empty()
    }

    fn exclude(&mut self) {
        let all = match &self.body {
            TextSource::Kind(numbering) => numbering.size(),
            TextSource::Pattern(pattern) => pattern.size(),
        };
        if self.domain.except.is_empty() {
            self.size = all;
            return;
        }
        let mut text = String::new();
        if all <= ENUMERATED {
            let mut hits = vec![];
            for i in 0..all {
                text.clear();
                self.write(i, &mut text);
                if self.is_excepted(&text) {
                    hits.push(i);
                }
            }
            self.size = all - hits.len() as u128;
            self.excluded = Excluded::Numbers(hits);
            return;
        }
        let mut excepted: Vec<String> = self.domain.except.iter().map(|e| e.to_lowercase()).collect();
        excepted.sort();
        excepted.dedup();
        let reserved = 2 * excepted.len() as u128;
        let mut free = ((all - reserved)..all).filter(|&i| {
            text.clear();
            self.write(i, &mut text);
            !self.is_excepted(&text)
        });
        let replaced: Vec<_> = excepted.iter().zip(free.by_ref()).map(|(e, i)| (e.clone(), i)).collect();
        drop(free);
        self.size = all - reserved;
        self.excluded = Excluded::Replaced(replaced);
    }

    fn is_excepted(&self, text: &str) -> bool {
        self.domain.except.iter().any(|e| e.trim_end().eq_ignore_ascii_case(text))
    }

    pub fn size(&self) -> u128 {
        self.size
    }

    /// Appends the `i`-th text of all, including excepted ones.
    fn write(&self, i: u128, out: &mut String) {
        match &self.body {
            TextSource::Kind(numbering) => {
                out.push_str(&self.domain.prefix);
                let body = out.len();
                numbering.write(i, out);
                // Texts of the kind may already have the prefix, such as `https://`.
                if self.domain.prefix.len() > 1 && out[body..].starts_with(&self.domain.prefix) {
                    out.replace_range(body..body + self.domain.prefix.len(), "");
                }
                match letters(&self.domain.kind) {
                    Letters::Lower => out[body..].make_ascii_lowercase(),
                    Letters::Upper => out[body..].make_ascii_uppercase(),
                    Letters::Capital if body < out.len() => out[body..=body].make_ascii_uppercase(),
                    Letters::Capital | Letters::AsWritten => {}
                }
                self.finish(body, out);
            }
            TextSource::Pattern(pattern) => pattern.write(i, out),
        }
    }

    fn finish(&self, body: usize, out: &mut String) {
        match self.domain.case {
            Case::Any => {}
            Case::Lower => out[body..].make_ascii_lowercase(),
            Case::Upper => out[body..].make_ascii_uppercase(),
        }
        push_end(out, &self.domain.suffix);
    }

    /// Appends the `i`-th text.
    pub fn value(&self, i: u128, out: &mut String) {
        match &self.excluded {
            Excluded::Numbers(hits) => self.write(skipping(i, hits), out),
            Excluded::Replaced(replaced) => {
                let start = out.len();
                self.write(i, out);
                let written = out[start..].to_ascii_lowercase();
                if let Some((_, other)) = replaced.iter().find(|(e, _)| e.trim_end() == written) {
                    out.truncate(start);
                    self.write(*other, out);
                }
            }
        }
    }

    /// Appends a text that need not be unique.
    #[inline]
    pub fn draw(&self, rng: &mut CellRng, out: &mut String) {
        if self.plain {
            return draw::draw(&self.domain.kind, self.room, rng, out);
        }
        if self.size == 0 {
            return;
        }
        let start = out.len();
        for _ in 0..REDRAWS {
            match &self.body {
                TextSource::Kind(_) => {
                    if self.draw_whole(rng, out) {
                        return;
                    }
                    push_end(out, &self.domain.prefix);
                    let body = out.len();
                    self.draw_body(rng, out);
                    let drawn = draw::characters(&out[body..]);
                    if drawn < self.min {
                        // A word needs more room than the few characters that may be missing.
                        let words = draw::has_several_words(&self.domain.kind);
                        let goal = if words { (drawn + SHORTEST).min(self.room) } else { 0 };
                        draw::pad(&self.domain.kind, body, self.min.max(goal), rng, out);
                    }
                    self.finish(body, out);
                }
                TextSource::Pattern(pattern) => pattern.draw(rng, out),
            }
            let short = self.domain.max_bytes.is_none_or(|most| out.len() - start <= most as usize);
            if short && (self.domain.except.is_empty() || !self.is_excepted(&out[start..])) {
                return;
            }
            out.truncate(start);
        }
        self.value(rng.below_u128(self.size), out);
    }

    /// Appends a text of the kind, without prefix and suffix.
    fn draw_body(&self, rng: &mut CellRng, out: &mut String) {
        let (d, body) = (&self.domain, out.len());
        if d.locales.is_empty() || !locale::draw(locale::pick(&d.locales, rng), &d.kind, self.room, rng, out) {
            draw::draw(&d.kind, self.room, rng, out);
        }
        if d.ascii && !out[body..].is_ascii() {
            let plain = fold::ascii(&out[body..]);
            out.truncate(body);
            out.push_str(&plain[..plain.len().min(self.room)]);
            if out.len() == body {
                draw::draw(&TextKind::Word, self.room, rng, out);
            }
        }
    }

    /// Tries to append a text of the kind that already has the constant prefix and suffix (a URL with `https://`).
    /// Returns whether one was found.
    fn draw_whole(&self, rng: &mut CellRng, out: &mut String) -> bool {
        let d = &self.domain;
        if d.prefix.len() + d.suffix.len() < 2 || d.case != Case::Any || !d.except.is_empty() {
            return false;
        }
        let (start, room) = (out.len(), self.room + d.prefix.len() + d.suffix.len());
        for _ in 0..WHOLE_DRAWS {
            draw::draw(&d.kind, room, rng, out);
            let text = &out[start..];
            if text.starts_with(&d.prefix) && text.ends_with(&d.suffix) && self.contains(text) {
                return true;
            }
            out.truncate(start);
        }
        false
    }

    /// As [`Sampler::lines`](super::Sampler::lines).
    pub fn lines(&self) -> Option<Lines<'_>> {
        if self.plain { Lines::of_kind(&self.domain.kind, self.room) } else { None }
    }

    /// Whether `text` is within all limits. Its kind is not checked, except for patterns.
    pub fn contains(&self, text: &str) -> bool {
        let d = &self.domain;
        let chars = text.chars().count();
        let constant = d.prefix.chars().count() + d.suffix.chars().count();
        (d.min_chars as usize..=d.max_chars as usize).contains(&chars)
            && constant <= chars
            && d.max_bytes.is_none_or(|b| text.len() <= b as usize)
            && text.starts_with(&d.prefix)
            && text.ends_with(&d.suffix)
            && !d.except.iter().any(|e| e == text)
            && match d.case {
                Case::Any => true,
                Case::Lower => !body(text, d).contains(char::is_uppercase),
                Case::Upper => !body(text, d).contains(char::is_lowercase),
            }
            && match (&d.kind, &self.body) {
                (_, TextSource::Pattern(compiled)) if d.case == Case::Any => compiled.matches(text),
                (TextKind::Pattern { regex }, _) => pattern::matches(regex, text) == Some(true),
                _ => true,
            }
    }
}

/// Whether texts of the kind may contain letters beyond ASCII.
fn may_be_non_ascii(kind: &TextKind) -> bool {
    match kind {
        TextKind::Catalogue(named) => !named.is_ascii(),
        kind => draw::may_be_non_ascii(kind),
    }
}

/// The letter case of enumerated texts.
fn letters(kind: &TextKind) -> Letters {
    match kind {
        TextKind::Catalogue(named) if named.is_prose() => Letters::Capital,
        kind => kind.letters(),
    }
}

/// Appends a constant prefix or suffix, which most texts do not have.
#[inline]
fn push_end(out: &mut String, end: &str) {
    if !end.is_empty() {
        out.push_str(end);
    }
}

/// The text without prefix and suffix, whose letter case is constant.
fn body<'a>(text: &'a str, d: &TextDomain) -> &'a str {
    text.get(d.prefix.len()..text.len().saturating_sub(d.suffix.len())).unwrap_or("")
}
