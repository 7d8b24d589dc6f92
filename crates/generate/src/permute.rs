//! Keyed bijections on `[0, n)`, by which unique values are computed instead of stored.
//!
//! Odd multiplications and xor-shifts are bijections on `2^k`; cycle walking (Black, Rogaway: "Ciphers with Arbitrary
//! Finite Domains", 2002) restricts them to `[0, n)` in less than two rounds on average.

use dbmocker_core::rng_stream::mix;

/// A keyed permutation of `[0, n)`, `1 <= n <= 2^63`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permutation {
    n: u64,
    mask: u64,
    shift: u32,
    multipliers: [u64; 3],
    offset: u64,
}

impl Permutation {
    /// # Panics
    /// If `n` is 0 or above `2^63`.
    pub fn new(key: u64, n: u64) -> Self {
        assert!((1..=1 << 63).contains(&n), "a permutation needs 1 to 2^63 elements, not {n}");
        let bits = 64 - (n - 1).leading_zeros().min(63);
        let bits = bits.max(1);
        let word = |i: u64| mix(key ^ mix(i));
        Permutation {
            n,
            mask: if bits == 64 { u64::MAX } else { (1 << bits) - 1 },
            shift: bits.div_ceil(2),
            multipliers: [word(1) | 1, word(2) | 1, word(3) | 1],
            offset: word(4),
        }
    }

    pub fn size(&self) -> u64 {
        self.n
    }

    /// Returns the image of `i`; `i < n`.
    #[inline]
    pub fn apply(&self, i: u64) -> u64 {
        debug_assert!(i < self.n);
        let mut x = i;
        loop {
            x = x.wrapping_add(self.offset) & self.mask;
            for m in self.multipliers {
                x = x.wrapping_mul(m) & self.mask;
                x ^= x >> self.shift;
            }
            if x < self.n {
                return x;
            }
        }
    }

    /// Returns the preimage of `x`: `invert(apply(i)) == i`.
    #[inline]
    pub fn invert(&self, x: u64) -> u64 {
        self.inverse().apply(x)
    }

    /// Returns the precomputed inverse.
    pub fn inverse(&self) -> InversePermutation {
        InversePermutation { of: Permutation { multipliers: self.multipliers.map(inverse), ..*self } }
    }
}

/// The precomputed inverse of a permutation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InversePermutation {
    /// Its multipliers are the modular inverses.
    of: Permutation,
}

impl InversePermutation {
    /// Returns the preimage of `x`.
    #[inline]
    pub fn apply(&self, x: u64) -> u64 {
        let p = &self.of;
        debug_assert!(x < p.n);
        let mut i = x;
        loop {
            for m in p.multipliers.iter().rev() {
                // One step inverts the xor-shift because 2 * shift >= bits.
                i ^= i >> p.shift;
                i = i.wrapping_mul(*m) & p.mask;
            }
            i = i.wrapping_sub(p.offset) & p.mask;
            if i < p.n {
                return i;
            }
        }
    }
}

/// Returns the inverse of an odd number modulo `2^64`, by Newton's iteration.
fn inverse(m: u64) -> u64 {
    (0..5).fold(m, |x, _| x.wrapping_mul(2u64.wrapping_sub(m.wrapping_mul(x))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_a_bijection_at_every_small_size() {
        for n in 1..=600 {
            let p = Permutation::new(n * 7, n);
            let mut seen = vec![false; n as usize];
            for i in 0..n {
                let x = p.apply(i);
                assert!(!std::mem::replace(&mut seen[x as usize], true), "{n}: {i} -> {x} twice");
                assert_eq!(p.invert(x), i);
            }
        }
    }

    #[test]
    fn neighbours_have_distant_images() {
        let p = Permutation::new(42, 1_000_000);
        let mean = (0..10_000).map(|i| p.apply(i).abs_diff(p.apply(i + 1))).sum::<u64>() / 10_000;
        assert!((200_000..470_000).contains(&mean), "mean distance {mean}, a third of the size expected");
    }

    proptest! {
        #[test]
        fn invert_undoes_apply_at_any_size(key: u64, n in 1u64..=1 << 63, i: u64) {
            let p = Permutation::new(key, n);
            let i = i % n;
            let x = p.apply(i);
            prop_assert!(x < n);
            prop_assert_eq!(p.invert(x), i);
        }
    }
}
