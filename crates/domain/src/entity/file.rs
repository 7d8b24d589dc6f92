//! A row's file: its type determines extension, MIME type and kind; an image's dimensions determine its size.

use super::Attribute;
use super::allowed_texts::{AllowedTexts, is_one_of};
use crate::fake::{ADJECTIVES, NOUNS, THINGS};
use crate::range_units::of_units;
use crate::weight_totals::WeightTotals;
use crate::{Domain, RangeKind, text_format};
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::value::Value;

/// The general kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Image,
    Video,
    Audio,
    Document,
}

impl FileKind {
    /// Whether files of the kind have a width and a height.
    pub fn has_dimensions(self) -> bool {
        matches!(self, FileKind::Image | FileKind::Video)
    }

    /// Names of the kind that a list of values may contain.
    fn spellings(self) -> &'static [&'static str] {
        match self {
            FileKind::Image => &["image", "photo", "picture", "img"],
            FileKind::Video => &["video", "movie"],
            FileKind::Audio => &["audio", "sound"],
            FileKind::Document => &["document", "file", "doc", "other"],
        }
    }
}

/// A type of files, with its MIME type.
#[derive(Debug)]
struct MediaType {
    extension: &'static str,
    mime: &'static str,
    kind: FileKind,
    /// Relative frequency.
    weight: u32,
    /// Minimum and maximum bytes; for images and videos, bytes per thousand pixels.
    bytes: (u64, u64),
}

use FileKind::{Audio, Document, Image, Video};

const fn file(
    extension: &'static str,
    mime: &'static str,
    kind: FileKind,
    weight: u32,
    bytes: (u64, u64),
) -> MediaType {
    MediaType { extension, mime, kind, weight, bytes }
}

static TYPES: [MediaType; 25] = [
    file("jpg", "image/jpeg", Image, 34, (120, 420)),
    file("png", "image/png", Image, 18, (300, 1600)),
    file("webp", "image/webp", Image, 8, (60, 240)),
    file("gif", "image/gif", Image, 3, (200, 900)),
    file("svg", "image/svg+xml", Image, 2, (5, 60)),
    file("jpeg", "image/jpeg", Image, 3, (120, 420)),
    file("mp4", "video/mp4", Video, 6, (4_000, 60_000)),
    file("mov", "video/quicktime", Video, 2, (8_000, 90_000)),
    file("webm", "video/webm", Video, 1, (3_000, 40_000)),
    file("mp3", "audio/mpeg", Audio, 4, (1_500_000, 9_000_000)),
    file("wav", "audio/wav", Audio, 1, (4_000_000, 60_000_000)),
    file("ogg", "audio/ogg", Audio, 1, (900_000, 6_000_000)),
    file("pdf", "application/pdf", Document, 26, (30_000, 4_000_000)),
    file(
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Document,
        9,
        (12_000, 900_000),
    ),
    file("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Document, 7, (8_000, 1_500_000)),
    file("txt", "text/plain", Document, 5, (40, 60_000)),
    file("csv", "text/csv", Document, 5, (200, 3_000_000)),
    file("zip", "application/zip", Document, 4, (50_000, 90_000_000)),
    file("json", "application/json", Document, 3, (60, 400_000)),
    file("xml", "application/xml", Document, 2, (300, 600_000)),
    file("html", "text/html", Document, 2, (500, 200_000)),
    file("doc", "application/msword", Document, 2, (20_000, 1_200_000)),
    file("xls", "application/vnd.ms-excel", Document, 1, (15_000, 1_200_000)),
    file("md", "text/markdown", Document, 1, (100, 40_000)),
    file("gz", "application/gzip", Document, 1, (10_000, 50_000_000)),
];

/// Width and height in pixels, with weights.
const PICTURES: [((u32, u32), u32); 16] = [
    ((800, 600), 5),
    ((1024, 768), 5),
    ((1200, 800), 6),
    ((1200, 1200), 8),
    ((1000, 1000), 8),
    ((800, 800), 6),
    ((1600, 1200), 6),
    ((1920, 1080), 8),
    ((1080, 1080), 4),
    ((1080, 1350), 3),
    ((1080, 1920), 3),
    ((640, 480), 3),
    ((600, 900), 3),
    ((2048, 1536), 4),
    ((3000, 2000), 3),
    ((512, 512), 3),
];
const VIDEOS: [((u32, u32), u32); 6] =
    [((1920, 1080), 10), ((1280, 720), 7), ((3840, 2160), 3), ((1080, 1920), 3), ((854, 480), 2), ((640, 360), 1)];

/// Indexes of the file types that a column can represent; `sized`: only types with width and height.
pub fn file_types(attribute: Attribute, domain: &Domain, kind: Option<FileKind>, sized: bool) -> Vec<u8> {
    let allowed = AllowedTexts::new(domain);
    let of_images = matches!(domain, Domain::Text(t) if is_one_of(&t.kind, &["image_file", "image_extension"]));
    let kind = if of_images { Some(FileKind::Image) } else { kind };
    let of_kind = |t: &MediaType| kind.is_none_or(|k| t.kind == k) && (!sized || t.kind.has_dimensions());
    let fits = |t: &MediaType| of_kind(t) && (!is_of_type(attribute) || spelling(t, attribute, &allowed).is_some());
    (0u8..).zip(&TYPES).filter(|(_, t)| fits(t)).map(|(i, _)| i).collect()
}

/// Whether a file type determines the attribute's text.
fn is_of_type(attribute: Attribute) -> bool {
    matches!(attribute, Attribute::Extension | Attribute::MimeType | Attribute::FileKind)
}

/// The first spelling of the attribute that a column's domain allows.
fn spelling(t: &MediaType, attribute: Attribute, allowed: &AllowedTexts<'_>) -> Option<String> {
    let dotted = format!(".{}", t.extension);
    let spellings: Vec<&str> = match attribute {
        Attribute::Extension => vec![t.extension, &dotted],
        Attribute::MimeType => vec![t.mime],
        _ => t.kind.spellings().to_vec(),
    };
    allowed.first(&spellings)
}

/// The writer of one attribute of files.
#[derive(Debug)]
pub(super) struct FileWriter {
    types: Vec<&'static MediaType>,
    /// Cumulative weights of the types.
    totals: WeightTotals,
    attribute: Attribute,
    values: FileValues,
}

#[derive(Debug)]
enum FileValues {
    /// The text of each type.
    Texts(Vec<String>),
    /// A file name with at most `room` characters before the dot.
    Name {
        room: usize,
    },
    Number {
        kind: RangeKind,
        lo: i128,
        hi: i128,
        step: i128,
    },
}

impl FileWriter {
    pub fn new(types: &[u8], attribute: Attribute, domain: &Domain) -> Option<Self> {
        let types = types.iter().map(|&i| TYPES.get(usize::from(i))).collect::<Option<Vec<&MediaType>>>()?;
        let totals = WeightTotals::new(types.iter().map(|t| t.weight));
        let values = match (attribute, domain) {
            (
                Attribute::FileSize | Attribute::Width | Attribute::Height,
                Domain::Range { kind, lo, hi, step, except, .. },
            ) if except.is_empty() => FileValues::Number { kind: *kind, lo: *lo, hi: *hi, step: *step },
            (Attribute::FileName, Domain::Text(t)) => {
                let longest = types.iter().map(|t| t.extension.len() + 1).max()?;
                let plain = t.prefix.is_empty() && t.suffix.is_empty() && t.except.is_empty();
                let room = (t.longest() as usize).checked_sub(longest).filter(|room| plain && *room >= MIN_STEM)?;
                FileValues::Name { room }
            }
            _ if is_of_type(attribute) => {
                let allowed = AllowedTexts::new(domain);
                FileValues::Texts(types.iter().map(|t| spelling(t, attribute, &allowed)).collect::<Option<_>>()?)
            }
            _ => return None,
        };
        let writer = FileWriter { types, totals, attribute, values };
        (!writer.types.is_empty() && writer.is_allowed(domain)).then_some(writer)
    }

    /// Whether the domain contains a sample of the written values.
    fn is_allowed(&self, domain: &Domain) -> bool {
        let sampler = domain.sampler();
        (0..400).all(|i| {
            let (word, mut rng) = (dbmocker_core::rng_stream::mix(i), CellRng::new(i));
            let value = self.number(word).unwrap_or_else(|| {
                let mut text = String::new();
                self.write(word, &mut rng, &mut text);
                Value::Text(text)
            });
            value == Value::Null || sampler.contains(&value)
        })
    }

    pub fn is_number(&self) -> bool {
        matches!(self.values, FileValues::Number { .. })
    }

    /// The value of a number column; NULL for the dimensions of a file that has none. `None` for text columns.
    pub fn number(&self, word: u64) -> Option<Value> {
        let FileValues::Number { kind, lo, hi, step } = self.values else { return None };
        let (t, mut rng) = self.file(word);
        let dimensions = t.kind.has_dimensions().then(|| dimensions(t, &mut rng));
        let n = match (self.attribute, dimensions) {
            (Attribute::Width, Some((width, _))) => i128::from(width),
            (Attribute::Height, Some((_, height))) => i128::from(height),
            (Attribute::FileSize, dimensions) => i128::from(bytes(t, dimensions, &mut rng)),
            _ => return Some(Value::Null),
        };
        let unit = match kind {
            RangeKind::Decimal { scale } => 10i128.pow(u32::from(scale)),
            _ => 1,
        };
        // A size outside the column's range is reduced modulo the range.
        let n = n * unit;
        let n = if self.attribute == Attribute::FileSize && !(lo..=hi).contains(&n) {
            lo + n.rem_euclid((hi - lo).max(1))
        } else {
            n
        };
        Some(of_units(kind, n - (n - lo).rem_euclid(step.max(1))))
    }

    #[inline]
    pub fn write(&self, word: u64, rng: &mut CellRng, out: &mut String) {
        let (t, _) = self.file(word);
        match &self.values {
            FileValues::Texts(texts) => out.push_str(&texts[self.place(word)]),
            FileValues::Name { room } => {
                stem(t.kind, *room, rng, out);
                out.push('.');
                out.push_str(t.extension);
            }
            FileValues::Number { .. } => {}
        }
    }

    fn place(&self, word: u64) -> usize {
        self.totals.draw(&mut CellRng::new(word))
    }

    /// The row's file type, and a random stream for its dimensions and its size.
    fn file(&self, word: u64) -> (&'static MediaType, CellRng) {
        let mut rng = CellRng::new(word);
        (self.types[self.totals.draw(&mut rng)], rng)
    }
}

fn dimensions(t: &MediaType, rng: &mut CellRng) -> (u32, u32) {
    let among: &[((u32, u32), u32)] = if t.kind == FileKind::Video { &VIDEOS } else { &PICTURES };
    crate::locale::pick(among, rng)
}

/// A random size in bytes; small files are more common than large ones.
fn bytes(t: &MediaType, dimensions: Option<(u32, u32)>, rng: &mut CellRng) -> u64 {
    let (least, most) = t.bytes;
    let many = (most as f64 / least as f64).powf(rng.unit().powf(1.5)) * least as f64;
    let pixels = dimensions.map_or(1.0, |(width, height)| f64::from(width) * f64::from(height) / 1000.0);
    (many * pixels).round() as u64
}

/// Minimum characters of a stem.
const MIN_STEM: usize = 8;

/// Appends a file name without its extension, in the manner of a device (`IMG_1234`) or of words.
fn stem(kind: FileKind, room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    let of_device = match kind {
        FileKind::Image => "IMG_",
        FileKind::Video => "VID_",
        FileKind::Audio => "REC_",
        FileKind::Document => "scan",
    };
    let (device, variant) = (rng.below(4) == 0, rng.below(3));
    if !device {
        let thing = if matches!(kind, FileKind::Image | FileKind::Video) { &*THINGS } else { &*NOUNS };
        ADJECTIVES.put(room, rng, out);
        for list in [thing, &*NOUNS].into_iter().take(1 + variant as usize % 2) {
            crate::prose::append_word(list, "-", start, room, rng, out);
        }
        if variant == 2 && out.len() - start + 3 <= room {
            out.push('-');
            text_format::number(1 + rng.below(40), out);
        }
    }
    if device || out.len() == start || out.len() - start > room {
        out.truncate(start);
        out.push_str(of_device);
        text_format::number(1000 + rng.below(9000), out);
    }
}
