//! Random streams keyed by names: the basis of the part law.
//!
//! A cell's randomness is `hash(seed, table label, column name, row, attempt)` and nothing else, so other part sizes,
//! an additional column or another number of threads change no value.

/// Key of one column's stream (or of any other named decision about a table).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream(u64);

impl Stream {
    /// The stream of `name` in `table` for `seed`.
    pub fn new(seed: u64, table: &str, name: &str) -> Self {
        let mut h = mix(seed ^ 0x6462_6d6f_636b_6572);
        for part in [table, name] {
            for chunk in part.as_bytes().chunks(8) {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                h = mix(h ^ u64::from_le_bytes(word)).wrapping_add(chunk.len() as u64);
            }
            h = mix(h ^ 0xff51_afd7_ed55_8ccd);
        }
        Stream(h)
    }

    /// The random word of a row; `attempt` counts redraws, 0 first.
    #[inline]
    pub fn at(self, row: u64, attempt: u32) -> u64 {
        self.of_row(row_hash(row, attempt))
    }

    /// As [`at`](Self::at), from the row's hash.
    #[inline]
    pub fn of_row(self, hash: u64) -> u64 {
        mix(self.0 ^ hash)
    }

    pub fn key(self) -> u64 {
        self.0
    }
}

/// The hash of a row and its attempt, shared by all streams of the table.
#[inline]
pub fn row_hash(row: u64, attempt: u32) -> u64 {
    mix(row.wrapping_add(u64::from(attempt).wrapping_mul(0xd6e8_feb8_6659_fd93)))
}

/// SplitMix64's finaliser (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
#[inline]
pub fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(GAMMA);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Random words of one cell: SplitMix64.
#[derive(Debug, Clone)]
pub struct CellRng {
    /// The next word, computed ahead: for a cell that takes one word no second one is computed.
    next: u64,
    state: u64,
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl CellRng {
    /// A stream that starts at any number.
    #[inline]
    pub fn new(seed: u64) -> Self {
        CellRng { next: mix(seed.wrapping_add(GAMMA)), state: seed.wrapping_add(GAMMA) }
    }

    /// The words of a cell: its [`Stream`]'s word for the row is the first.
    #[inline]
    pub fn of_cell(word: u64) -> Self {
        CellRng { next: word, state: word }
    }

    #[inline]
    pub fn word(&mut self) -> u64 {
        let word = self.next;
        self.state = self.state.wrapping_add(GAMMA);
        self.next = mix(self.state);
        word
    }

    /// A number in `[0, n)`; `n` must not be 0. Multiply-shift: the bias is below n / 2^64.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(n)) >> 64) as u64
    }

    /// A number in `[0, n)` for any size; `n` must not be 0.
    #[inline]
    pub fn below_u128(&mut self, n: u128) -> u128 {
        if let Ok(n) = u64::try_from(n) {
            return u128::from(self.below(n));
        }
        ((u128::from(self.word()) << 64) | u128::from(self.word())) % n
    }

    /// Small numbers drawn from two random words.
    #[inline]
    pub fn picks(&mut self) -> SmallDraws {
        SmallDraws(u128::from(self.word()) | u128::from(self.word()) << 64)
    }

    /// Uniform in `[0, 1)`.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of a non-empty slice.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// Up to [`SmallDraws::ENOUGH`] numbers in small ranges: a random word for each would cost several times as much.
#[derive(Debug, Clone)]
pub struct SmallDraws(u128);

impl SmallDraws {
    /// The number of draws; later ones return 0.
    pub const ENOUGH: usize = 8;

    /// A number in `[0, n)`, `n` in `1..=2^16`; for `n` = 500 the bias is below one percent.
    #[inline]
    pub fn below(&mut self, n: usize) -> usize {
        let sixteen = (self.0 & 0xffff) as usize;
        self.0 >>= 16;
        (sixteen * n) >> 16
    }
}

impl rand::TryRng for CellRng {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((CellRng::word(self) >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(CellRng::word(self))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in dst.chunks_mut(8) {
            let word = CellRng::word(self).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}
