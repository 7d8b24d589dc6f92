//! CHECKs, domain CHECKs, partition bounds and index predicates: parsed, narrowed, branched, evaluated.
//!
//! A small algebra that knows no database: predicates in, narrowed [`Domain`](crate::domain::Domain)s and row-wise
//! [`Group`]s out. What it cannot solve it names; nothing is ever guessed.
