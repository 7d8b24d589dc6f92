//! Checks a Parquet file's schema before the file is read: the reader recurses for each nested column, and an untrusted
//! file may nest columns to any depth.
//!
//! Implements only the part of the Thrift compact protocol that is needed to read the number of children of each schema
//! element.

/// Maximum nesting of structures in the footer.
const DEEPEST: usize = 16;
/// The bytes after the footer: its length and the magic number.
const TAIL: usize = 8;

const STOP: u8 = 0;

/// Whether the file's schema is a list of plain columns, as in files of generated rows. `None`: it has no footer that
/// can be read.
pub fn is_flat(file: &[u8]) -> Option<bool> {
    let tail = file.len().checked_sub(TAIL)?;
    let length = u32::from_le_bytes(file[tail..tail + 4].try_into().ok()?);
    let begin = tail.checked_sub(usize::try_from(length).ok()?)?;
    let mut footer = ThriftReader { bytes: &file[begin..tail] };
    let mut id = 0;
    loop {
        match footer.field(&mut id)? {
            (STOP, _) => return None,
            (9, 2) => return footer.schema(),
            (kind, _) => footer.skip(kind, 0)?,
        }
    }
}

struct ThriftReader<'a> {
    bytes: &'a [u8],
}

impl ThriftReader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// The kind and number of the next field.
    fn field(&mut self, id: &mut i64) -> Option<(u8, i64)> {
        let head = self.byte()?;
        let (delta, kind) = (head >> 4, head & 0x0f);
        if kind == STOP {
            return Some((STOP, 0));
        }
        *id = if delta == 0 { zigzag(self.varint()?) } else { *id + i64::from(delta) };
        Some((kind, *id))
    }

    /// Number and kind of a list's elements.
    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let size = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        Some((size, head & 0x0f))
    }

    fn drop(&mut self, bytes: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            1 | 2 => Some(()),
            3 => self.drop(1),
            4..=6 => self.varint().map(drop),
            7 => self.drop(8),
            8 => {
                let length = self.varint()?;
                self.drop(length)
            }
            9 | 10 => {
                let (size, kind) = self.list()?;
                // Booleans take a byte each in a list.
                let kind = if kind <= 2 { 3 } else { kind };
                (0..size).try_for_each(|_| self.skip(kind, depth + 1))
            }
            12 => {
                let mut id = 0;
                loop {
                    match self.field(&mut id)? {
                        (STOP, _) => return Some(()),
                        (kind, _) => self.skip(kind, depth + 1)?,
                    }
                }
            }
            _ => None,
        }
    }

    /// The list of schema elements: the first one is the root, and holds all others.
    fn schema(&mut self) -> Option<bool> {
        let (size, kind) = self.list()?;
        if kind != 12 || size == 0 {
            return None;
        }
        for element in 0..size {
            let mut id = 0;
            loop {
                match self.field(&mut id)? {
                    (STOP, _) => break,
                    (5, 5) => {
                        let children = zigzag(self.varint()?);
                        if element > 0 && children != 0 {
                            return Some(false);
                        }
                    }
                    (kind, _) => self.skip(kind, 0)?,
                }
            }
        }
        Some(true)
    }
}

fn zigzag(n: u64) -> i64 {
    (n >> 1).cast_signed() ^ -(n & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer of a version and these elements: each its number of children.
    fn file(children: &[u8]) -> Vec<u8> {
        let mut footer = vec![0x15, 2];
        let size = u8::try_from(children.len()).unwrap_or(u8::MAX);
        footer.extend([0x19, 0xfc]);
        let mut n = children.len();
        while n >= 0x80 {
            footer.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        footer.push(n as u8);
        assert!(size > 0);
        for &n in children {
            // name: "c"; num_children
            footer.extend([0x48, 1, b'c', 0x15, n * 2, 0]);
        }
        footer.push(0);
        let length = u32::try_from(footer.len()).unwrap();
        [b"PAR1", &footer[..], &length.to_le_bytes(), b"PAR1"].concat()
    }

    #[test]
    fn columns_inside_columns_are_seen() {
        assert_eq!(is_flat(&file(&[2, 0, 0])), Some(true));
        assert_eq!(is_flat(&file(&[1, 1, 0])), Some(false));
        assert_eq!(is_flat(&file(&vec![1; 50_000])), Some(false));
    }

    #[test]
    fn what_is_cut_or_nested_is_no_footer() {
        let whole = file(&[1, 0]);
        for end in 0..whole.len() {
            assert_ne!(is_flat(&whole[..end]), Some(true), "{end}");
        }
        // A structure in a structure in a structure ...
        let deep = vec![0x1c; 100_000];
        let length = u32::try_from(deep.len()).unwrap();
        assert_eq!(is_flat(&[&deep[..], &length.to_le_bytes(), b"PAR1"].concat()), None);
    }
}
