//! Compression of text files while they are written. The same bytes give the same compressed bytes.

use std::fmt;
use std::io::{self, Write};

use flate2::GzBuilder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

/// How a text file is compressed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    Gzip {
        /// 1 (fast) to 9 (small).
        level: u8,
    },
    Zstd {
        /// 1 (fast) to 22 (small).
        level: u8,
    },
}

impl Packing {
    /// What is added to the name of the file.
    pub fn extension(self) -> &'static str {
        match self {
            Packing::Gzip { .. } => "gz",
            Packing::Zstd { .. } => "zst",
        }
    }
}

/// A streaming compressor; its output is taken while it runs.
pub(super) enum Packer {
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packer")
    }
}

impl Packer {
    pub(super) fn new(packing: Packing) -> io::Result<Self> {
        Ok(match packing {
            // Neither name nor time are in the header.
            Packing::Gzip { level } => {
                Packer::Gzip(GzBuilder::new().write(Vec::new(), flate2::Compression::new(level.into())))
            }
            Packing::Zstd { level } => Packer::Zstd(zstd::stream::write::Encoder::new(Vec::new(), level.into())?),
        })
    }

    /// Compresses `bytes`, and returns the compressed bytes that are complete.
    pub(super) fn pack(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Packer::Gzip(encoder) => {
                encoder.write_all(bytes)?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Packer::Zstd(encoder) => {
                encoder.write_all(bytes)?;
                Ok(std::mem::take(encoder.get_mut()))
            }
        }
    }

    /// The last compressed bytes.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Packer::Gzip(encoder) => encoder.finish(),
            Packer::Zstd(encoder) => encoder.finish(),
        }
    }
}
