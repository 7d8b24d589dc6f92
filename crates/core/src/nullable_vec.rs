//! A vector of nullable values, stored like an Arrow array: values and a mask. Without NULLs there is no mask.

/// Values of many rows. The value of a NULL is the type's default.
///
/// ```
/// use dbmocker_core::nullable_vec::Nullable;
///
/// let ages: Nullable<u64> = [Some(7), None].into_iter().collect();
/// assert_eq!(ages.map(|n| n * 2).iter().collect::<Vec<_>>(), [Some(14), None]);
/// assert!(Nullable::from(vec![7u64]).nulls().is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nullable<T> {
    values: Vec<T>,
    /// Whether each value is NULL; at least one is.
    nulls: Option<Vec<bool>>,
}

impl<T> From<Vec<T>> for Nullable<T> {
    fn from(values: Vec<T>) -> Self {
        Nullable { values, nulls: None }
    }
}

impl<T: Copy + Default> Nullable<T> {
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Whether each value is NULL; `None` if none is.
    pub fn nulls(&self) -> Option<&[bool]> {
        self.nulls.as_deref()
    }

    #[inline]
    pub fn get(&self, row: usize) -> Option<T> {
        let null = self.nulls.as_ref().is_some_and(|nulls| nulls[row]);
        (!null).then_some(self.values[row])
    }

    pub fn set(&mut self, row: usize, value: Option<T>) {
        self.values[row] = value.unwrap_or_default();
        if value.is_none() || self.nulls.is_some() {
            let len = self.len();
            self.nulls.get_or_insert_with(|| vec![false; len])[row] = value.is_none();
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Option<T>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// The same rows with `f` applied to each value that is not NULL.
    #[inline]
    pub fn map<U: Copy + Default>(&self, f: impl Fn(T) -> U) -> Nullable<U> {
        match &self.nulls {
            None => self.values.iter().map(|&value| f(value)).collect::<Vec<U>>().into(),
            Some(_) => self.iter().map(|value| value.map(&f)).collect(),
        }
    }
}

impl<T: Copy + Default> FromIterator<Option<T>> for Nullable<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(values: I) -> Self {
        let mut nulls = Vec::new();
        let values = values.into_iter().map(|value| {
            nulls.push(value.is_none());
            value.unwrap_or_default()
        });
        let values = values.collect();
        Nullable { values, nulls: nulls.contains(&true).then_some(nulls) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_what_it_was_given(given: Vec<Option<i64>>, row: prop::sample::Index, then: Option<i64>) {
            let mut kept: Nullable<i64> = given.iter().copied().collect();
            prop_assert_eq!(kept.iter().collect::<Vec<_>>(), &given[..]);
            prop_assert_eq!(kept.nulls().is_some(), given.contains(&None));
            let mapped = kept.map(|n| n.wrapping_add(1));
            prop_assert!(mapped.iter().eq(given.iter().map(|n| n.map(|n| n.wrapping_add(1)))));
            if !given.is_empty() {
                let row = row.index(given.len());
                kept.set(row, then);
                prop_assert_eq!(kept.get(row), then);
                prop_assert!((0..given.len()).filter(|&i| i != row).all(|i| kept.get(i) == given[i]));
            }
        }
    }
}
