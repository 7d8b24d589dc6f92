//! The plan inside a manifest.
//!
//! In and out: the plan's JSON text. A long text (keys of existing rows make it so) is written compressed, as a string.

use std::borrow::Cow;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Texts of more bytes are written compressed.
const LONG: usize = 1 << 20;
/// The most bytes that a compressed text may have, whatever its size when compressed, and the most for each compressed
/// byte above that: a small file cannot fill the memory.
const LONGEST: u64 = 256 << 20;
const RATIO: u64 = 100;
/// zstd's level: higher ones take more time and hardly shorten keys.
const LEVEL: i32 = 3;

/// A plan as JSON text, as it is written; decompressed and parsed only if the rows are to be regenerated.
#[derive(Debug, Clone)]
pub struct PlanText(Box<RawValue>);

/// The compressed text of a plan is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the compressed plan cannot be read")]
pub struct DamagedPlan;

/// A text as it is written if it is long.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Compressed<'a> {
    /// Bytes of the text.
    bytes: u64,
    /// The text, compressed by zstd, as base64.
    #[serde(borrow)]
    zstd: Cow<'a, str>,
}

impl PlanText {
    /// Of the JSON that `Plan::to_json` gives.
    pub fn of(text: String) -> Self {
        let written = if text.len() <= LONG {
            text
        } else {
            serde_json::to_string(&Compressed::of(&text)).expect("numbers and texts are written as JSON")
        };
        PlanText(RawValue::from_string(written).expect("a plan is written as JSON"))
    }

    /// Whether there is a plan.
    pub fn is_some(&self) -> bool {
        self.0.get() != RawValue::NULL.get()
    }

    /// The JSON text of the plan.
    ///
    /// # Errors
    /// It is compressed and damaged.
    pub fn text(&self) -> Result<Cow<'_, str>, DamagedPlan> {
        match serde_json::from_str::<Compressed<'_>>(self.0.get()) {
            Ok(compressed) => compressed.text().map(Cow::Owned).ok_or(DamagedPlan),
            Err(_) => Ok(Cow::Borrowed(self.0.get())),
        }
    }

    /// Whether both are the same plan; a damaged plan is none's.
    pub fn is_same(&self, other: &Self) -> bool {
        let texts = || Some(self.text().ok()? == other.text().ok()?);
        self.0.get() == other.0.get() || texts().unwrap_or(false)
    }
}

/// XXH3 (128 bits) of a plan's text, in hex.
pub fn checksum(text: &str) -> String {
    let mut checksum = super::file::Checksum::default();
    checksum.update(text.as_bytes());
    checksum.text()
}

impl Compressed<'_> {
    fn of(text: &str) -> Compressed<'static> {
        let zstd = zstd::bulk::compress(text.as_bytes(), LEVEL).expect("memory is compressed into memory");
        Compressed { bytes: text.len() as u64, zstd: Cow::Owned(STANDARD.encode(zstd)) }
    }

    /// The text; `None` if it is damaged.
    fn text(&self) -> Option<String> {
        let packed = STANDARD.decode(&*self.zstd).ok()?;
        let mut text = String::new();
        // One byte more than was written shows that the length is wrong.
        let longest = LONGEST.max(RATIO * packed.len() as u64);
        let most = self.bytes.min(longest).saturating_add(1);
        zstd::stream::read::Decoder::new(&packed[..]).ok()?.take(most).read_to_string(&mut text).ok()?;
        (text.len() as u64 == self.bytes).then_some(text)
    }
}

impl Serialize for PlanText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PlanText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(PlanText)
    }
}

impl Default for PlanText {
    fn default() -> Self {
        PlanText(RawValue::NULL.to_owned())
    }
}

impl PartialEq for PlanText {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_written_compressed() {
        let written = |plan: &PlanText| serde_json::to_string_pretty(plan).unwrap();
        let short = PlanText::of(r#"{"zebra": 1}"#.into());
        assert_eq!(written(&short), short.text().unwrap());
        let long = format!("[{}0]", (0..400_000).map(|n| format!("{n},")).collect::<String>());
        let plan = PlanText::of(long.clone());
        let text = written(&plan);
        assert!(text.len() < long.len() / 2 && text.contains("zstd"), "{}", text.len());
        let read: PlanText = serde_json::from_str(&text).unwrap();
        assert!(read == plan && read.text().unwrap() == long && read.is_some());
        // The same plan, written by a version that compresses it less.
        let plain = PlanText(RawValue::from_string(long).unwrap());
        assert!(plain == read && plain != short && !PlanText::default().is_some());
        let again = |plan: &PlanText| serde_json::from_str::<PlanText>(&written(plan)).unwrap();
        assert!(again(&short) == short && again(&PlanText::default()) == PlanText::default());
    }

    #[test]
    fn a_damaged_compressed_text_is_refused_where_the_plan_is_needed() {
        let compressed = |bytes, zstd: &str| serde_json::to_string(&Compressed { bytes, zstd: zstd.into() }).unwrap();
        let zeros = STANDARD.encode(zstd::bulk::compress(&[b'0'; 1 << 20], LEVEL).unwrap());
        for text in
            [compressed(3, "no base64!"), compressed(3, "AAAA"), compressed(3, &zeros), compressed(u64::MAX, &zeros)]
        {
            let plan: PlanText = serde_json::from_str(&text).unwrap();
            assert_eq!(plan.text(), Err(DamagedPlan));
            assert!(plan.is_some() && !plan.is_same(&PlanText::default()));
        }
    }
}
