//! The plan inside a manifest.
//!
//! In and out: the plan's JSON text. A long text (keys of existing rows make it so) is written compressed, as a string.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dbmocker_plan::Plan;
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

/// A plan as JSON text; parsed only if the rows are to be regenerated.
#[derive(Debug, Clone)]
pub struct PlanText(Box<RawValue>);

/// A text as it is written if it is long.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Compressed {
    /// Bytes of the text.
    bytes: u64,
    /// The text, compressed by zstd, as base64.
    zstd: String,
}

impl PlanText {
    pub fn of(plan: &Plan) -> Self {
        PlanText(RawValue::from_string(plan.to_json()).expect("a plan is written as JSON"))
    }

    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// XXH3 (128 bits) of the text, in hex.
    pub fn checksum(&self) -> String {
        let mut checksum = super::file::Checksum::default();
        checksum.update(self.text().as_bytes());
        checksum.text()
    }
}

impl Compressed {
    fn of(text: &str) -> std::io::Result<Self> {
        let zstd = STANDARD.encode(zstd::bulk::compress(text.as_bytes(), LEVEL)?);
        Ok(Compressed { bytes: text.len() as u64, zstd })
    }

    /// The text; `None` if it is damaged.
    fn text(&self) -> Option<String> {
        let packed = STANDARD.decode(&self.zstd).ok()?;
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
        if self.text().len() <= LONG {
            return self.0.serialize(serializer);
        }
        Compressed::of(self.text()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PlanText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Box::<RawValue>::deserialize(deserializer)?;
        let Ok(compressed) = serde_json::from_str::<Compressed>(written.get()) else { return Ok(PlanText(written)) };
        let text = compressed.text().and_then(|text| RawValue::from_string(text).ok());
        text.map(PlanText).ok_or_else(|| serde::de::Error::custom("the compressed plan cannot be read"))
    }
}

impl Default for PlanText {
    fn default() -> Self {
        PlanText(RawValue::NULL.to_owned())
    }
}

impl PartialEq for PlanText {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_written_compressed() {
        let of = |text: String| PlanText(RawValue::from_string(text).unwrap());
        let written = |plan: &PlanText| serde_json::to_string_pretty(plan).unwrap();
        let short = of(r#"{"zebra": 1}"#.into());
        assert_eq!(written(&short), short.text());
        let long = of(format!("[{}0]", (0..400_000).map(|n| format!("{n},")).collect::<String>()));
        let text = written(&long);
        assert!(text.len() < long.text().len() / 2 && text.contains("zstd"), "{}", text.len());
        let read: PlanText = serde_json::from_str(&text).unwrap();
        assert!(read == long);
        assert_eq!(serde_json::from_str::<PlanText>(short.text()).unwrap(), short);
    }

    #[test]
    fn a_damaged_compressed_text_is_refused() {
        let compressed = |bytes, zstd: &str| serde_json::to_string(&Compressed { bytes, zstd: zstd.into() }).unwrap();
        let zeros = STANDARD.encode(zstd::bulk::compress(&[b'0'; 1 << 20], LEVEL).unwrap());
        for text in
            [compressed(3, "no base64!"), compressed(3, "AAAA"), compressed(3, &zeros), compressed(u64::MAX, &zeros)]
        {
            let error = serde_json::from_str::<PlanText>(&text).unwrap_err().to_string();
            assert!(error.contains("the compressed plan cannot be read"), "{error}");
        }
    }
}
