//! Fingerprints of rows, and their sums by key: equal on both sides if the rows are equal, in any order.

use dbmocker_core::rng_stream::mix;

/// Buckets at most, 32 bytes each.
const MOST: u64 = 1 << 16;
/// Rows per bucket for which the number of buckets is chosen.
const ROWS: u64 = 64;

/// The fingerprints of a row: of its key and of all its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprints {
    pub key: u128,
    pub row: u128,
}

impl Fingerprints {
    /// `key`: positions of the key's cells; if there are none, the whole row is the key.
    pub fn of(cells: &[Option<String>], key: &[usize]) -> Self {
        let row = digest(cells.iter());
        let key = if key.is_empty() { row } else { digest(key.iter().map(|&i| &cells[i])) };
        Fingerprints { key, row }
    }
}

/// A 128-bit digest of texts and NULLs.
fn digest<'a>(cells: impl Iterator<Item = &'a Option<String>>) -> u128 {
    let (mut a, mut b): (u64, u64) = (0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344);
    let mut put = |word: u64| {
        a = mix(a ^ word);
        b = mix(b.rotate_left(29) ^ word.wrapping_mul(0x9fb2_1c65_1e98_df25));
    };
    for cell in cells {
        let Some(text) = cell else {
            put(u64::MAX);
            continue;
        };
        put(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            put(u64::from_le_bytes(word));
        }
    }
    (u128::from(a) << 64) | u128::from(b)
}

/// The sums of one side minus those of the other.
pub struct ChecksumBuckets {
    buckets: Vec<(i64, u128)>,
}

impl ChecksumBuckets {
    /// Buckets for about this many rows.
    pub fn new(rows: u64) -> Self {
        let buckets = (rows / ROWS).clamp(1, MOST).next_power_of_two();
        ChecksumBuckets { buckets: vec![(0, 0); usize::try_from(buckets).expect("a small number")] }
    }

    pub fn buckets(&self) -> usize {
        self.buckets.len()
    }

    pub fn add(&mut self, prints: Fingerprints) {
        let at = bucket(prints.key, self.buckets.len());
        let bucket = &mut self.buckets[at];
        *bucket = (bucket.0 + 1, bucket.1.wrapping_add(prints.row));
    }

    pub fn take(&mut self, prints: Fingerprints) {
        let at = bucket(prints.key, self.buckets.len());
        let bucket = &mut self.buckets[at];
        *bucket = (bucket.0 - 1, bucket.1.wrapping_sub(prints.row));
    }

    /// Buckets whose rows differ.
    pub fn differing(&self) -> Vec<usize> {
        (0..self.buckets.len()).filter(|&i| self.buckets[i] != (0, 0)).collect()
    }
}

/// A key's bucket; the number of buckets is a power of two.
pub fn bucket(key: u128, buckets: usize) -> usize {
    (key as usize) & (buckets - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(texts: &[Option<&str>]) -> Vec<Option<String>> {
        texts.iter().map(|t| t.map(str::to_owned)).collect()
    }

    #[test]
    fn order_does_not_count_but_every_cell_does() {
        let rows: Vec<_> = (0..1000).map(|i| row(&[Some(&i.to_string()), Some("x"), None])).collect();
        let mut checksums = ChecksumBuckets::new(1000);
        rows.iter().for_each(|r| checksums.add(Fingerprints::of(r, &[0])));
        rows.iter().rev().for_each(|r| checksums.take(Fingerprints::of(r, &[0])));
        assert!(checksums.differing().is_empty());
        checksums.take(Fingerprints::of(&rows[7], &[0]));
        checksums.add(Fingerprints::of(&row(&[Some("7"), Some("y"), None]), &[0]));
        assert_eq!(checksums.differing().len(), 1);
    }

    #[test]
    fn cells_do_not_run_together() {
        let of = |texts: &[Option<&str>]| Fingerprints::of(&row(texts), &[]).row;
        assert_ne!(of(&[Some("ab"), Some("c")]), of(&[Some("a"), Some("bc")]));
        assert_ne!(of(&[Some(""), None]), of(&[None, Some("")]));
        assert_ne!(of(&[Some("A")]), of(&[Some("a")]));
    }
}
