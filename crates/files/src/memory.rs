//! The memory budget: bytes are reserved before they are used, and released when the reservation is dropped.
//!
//! The operating system's figures set the default limit; they are not used for the accounting.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_core::humanize;

/// How long a waiting thread sleeps before it checks whether it was cancelled.
const LOOK_UP: Duration = Duration::from_millis(50);

/// A number of bytes shared by all owners of large buffers. Clones are the same budget.
///
/// ```
/// use dbmocker_files::Budget;
/// let budget = Budget::new(100);
/// let held = budget.try_reserve(80).unwrap();
/// assert!(budget.try_reserve(30).is_none());
/// drop(held);
/// assert_eq!((budget.used(), budget.high_water()), (0, 80));
/// ```
#[derive(Debug, Clone)]
pub struct Budget(Arc<BudgetInner>);

#[derive(Debug)]
struct BudgetInner {
    limit: u64,
    state: Mutex<BudgetState>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct BudgetState {
    used: u64,
    high_water: u64,
    waited: Duration,
}

/// Why bytes were not reserved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    #[error("{} are needed at once, but --memory-limit allows {}; raise it, or lower the workers",
        humanize::bytes(*asked), humanize::bytes(*limit))]
    TooLarge { asked: u64, limit: u64 },
    #[error("stopped while waiting for memory")]
    Cancelled,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Budget(Arc::new(BudgetInner { limit, state: Mutex::default(), freed: Condvar::new() }))
    }

    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// Bytes reserved now.
    pub fn used(&self) -> u64 {
        self.state().used
    }

    /// The most bytes that were reserved at one time.
    pub fn high_water(&self) -> u64 {
        self.state().high_water
    }

    /// Time that all callers of [`reserve`](Self::reserve) together spent waiting.
    pub fn waited(&self) -> Duration {
        self.state().waited
    }

    /// Reserves without waiting; `None` if there is not enough left.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reservation> {
        self.state().take(bytes, self.0.limit).then(|| Reservation { budget: self.clone(), bytes })
    }

    /// Waits until the bytes are free or `cancel` is set.
    ///
    /// A waiting caller must hold no reservation for which others wait; the order of service is not defined.
    ///
    /// # Errors
    /// [`BudgetError::TooLarge`] for more than the whole budget, [`BudgetError::Cancelled`].
    pub fn reserve(&self, bytes: u64, cancel: &AtomicBool) -> Result<Reservation, BudgetError> {
        let limit = self.0.limit;
        if bytes > limit {
            return Err(BudgetError::TooLarge { asked: bytes, limit });
        }
        let mut state = self.state();
        let start = Instant::now();
        let mut waited = false;
        while !state.take(bytes, limit) {
            waited = true;
            if cancel.load(Ordering::Relaxed) {
                state.waited += start.elapsed();
                return Err(BudgetError::Cancelled);
            }
            state = self.0.freed.wait_timeout(state, LOOK_UP).unwrap_or_else(PoisonError::into_inner).0;
        }
        if waited {
            state.waited += start.elapsed();
        }
        drop(state);
        Ok(Reservation { budget: self.clone(), bytes })
    }

    fn state(&self) -> MutexGuard<'_, BudgetState> {
        // The counters are consistent after every line that changes them, so a panic elsewhere does not make them
        // wrong.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BudgetState {
    fn take(&mut self, bytes: u64, limit: u64) -> bool {
        let fits = self.used.checked_add(bytes).is_some_and(|total| total <= limit);
        if fits {
            self.used += bytes;
            self.high_water = self.high_water.max(self.used);
        }
        fits
    }
}

/// Bytes held until dropped.
#[derive(Debug)]
#[must_use = "dropping a reservation gives its bytes back"]
pub struct Reservation {
    budget: Budget,
    bytes: u64,
}

impl Reservation {
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Changes the size; growing fails, and changes nothing, if not enough is left.
    #[must_use]
    pub fn try_resize(&mut self, bytes: u64) -> bool {
        let mut state = self.budget.state();
        if bytes > self.bytes {
            if !state.take(bytes - self.bytes, self.budget.0.limit) {
                return false;
            }
        } else {
            state.used -= self.bytes - bytes;
            self.budget.0.freed.notify_all();
        }
        drop(state);
        self.bytes = bytes;
        true
    }

    /// Splits `bytes` off into a separate reservation, at most all of it.
    pub fn split(&mut self, bytes: u64) -> Reservation {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Reservation { budget: self.budget.clone(), bytes }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.state().used -= self.bytes;
        self.budget.0.freed.notify_all();
    }
}

/// Memory that this process may still use, and the source of this limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available {
    pub bytes: u64,
    /// `system`, or the control group with the tightest limit.
    pub source: String,
}

impl Available {
    /// The memory available by the system and the control groups of this process; `None` if neither can be read.
    pub fn now() -> Option<Self> {
        let system = sysinfo::System::new().ok().map(|mut system| {
            system.refresh_memory();
            Available { bytes: system.available_memory(), source: "system".to_owned() }
        });
        let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let tightest = cgroup_available(&groups, Path::new("/sys/fs/cgroup"));
        tightest.into_iter().chain(system).min_by_key(|a| a.bytes)
    }

    /// The default of `--memory-limit`: half of the available memory, at least 64 MiB.
    pub fn default_limit(&self) -> u64 {
        (self.bytes / 2).max(64 << 20)
    }
}

/// The tightest of the control groups that `/proc/self/cgroup` lists, with all their ancestors.
fn cgroup_available(groups: &str, root: &Path) -> Option<Available> {
    let mut found = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(id), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let path = path.trim_start_matches('/');
        if id == "0" {
            walk_up(root, path, "memory.max", "memory.current", &mut found);
        } else if controllers.split(',').any(|c| c == "memory") {
            let (limit, used) = ("memory.limit_in_bytes", "memory.usage_in_bytes");
            walk_up(&root.join("memory"), path, limit, used, &mut found);
        }
    }
    found.into_iter().min_by_key(|a| a.bytes)
}

/// Reads limit and use of a group and its ancestors. In a container the path may not exist below the mount: then the
/// files of the mount itself are used.
fn walk_up(mount: &Path, path: &str, limit: &str, used: &str, found: &mut Vec<Available>) {
    let number = |file: PathBuf| std::fs::read_to_string(file).ok()?.trim().parse::<u64>().ok();
    let inside = mount.join(path);
    for dir in inside.ancestors().take_while(|d| d.starts_with(mount)) {
        // "max" is not a number, and "no limit" of cgroup version 1 is a number larger than any memory.
        if let (Some(limit), Some(used)) = (number(dir.join(limit)), number(dir.join(used))) {
            let source = format!("control group {}", dir.display());
            found.push(Available { bytes: limit.saturating_sub(used), source });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    #[test]
    fn a_waiting_thread_gets_what_another_gives_back() {
        let budget = Budget::new(10);
        let go = AtomicBool::new(false);
        let first = budget.reserve(8, &go).unwrap();
        thread::scope(|s| {
            let second = s.spawn(|| budget.reserve(5, &go).map(|r| r.bytes()));
            thread::sleep(Duration::from_millis(20));
            drop(first);
            assert_eq!(second.join().unwrap(), Ok(5));
        });
        assert_eq!((budget.used(), budget.high_water()), (0, 8));
        assert!(budget.waited() >= Duration::from_millis(10));
    }

    #[test]
    fn waiting_ends_when_told_and_never_starts_for_what_cannot_fit() {
        let budget = Budget::new(10);
        let _all = budget.try_reserve(10).unwrap();
        assert_eq!(budget.reserve(1, &AtomicBool::new(true)).unwrap_err(), BudgetError::Cancelled);
        let error = budget.reserve(11, &AtomicBool::new(false)).unwrap_err();
        assert_eq!(error, BudgetError::TooLarge { asked: 11, limit: 10 });
        assert!(error.to_string().contains("--memory-limit allows 10 B"));
        assert!(budget.try_reserve(u64::MAX).is_none());
    }

    #[test]
    fn resize_and_split_keep_the_sum() {
        let budget = Budget::new(100);
        let mut a = budget.try_reserve(40).unwrap();
        let b = a.split(15);
        assert_eq!((a.bytes(), b.bytes(), budget.used()), (25, 15, 40));
        assert!(a.try_resize(80));
        assert!(!a.try_resize(90));
        assert_eq!(budget.used(), 95);
        assert!(a.try_resize(5));
        drop(b);
        assert_eq!(budget.used(), 5);
        drop(a);
        assert_eq!((budget.used(), budget.high_water()), (0, 95));
    }

    #[test]
    fn never_beyond_the_limit_under_contention() {
        let budget = Budget::new(1000);
        let go = AtomicBool::new(false);
        thread::scope(|s| {
            for t in 0..8u64 {
                let (budget, go) = (&budget, &go);
                s.spawn(move || {
                    for i in 0..200 {
                        let held = budget.reserve((t * 97 + i * 31) % 900 + 1, go).unwrap();
                        assert!(budget.used() <= 1000 && held.bytes() > 0);
                    }
                });
            }
        });
        assert_eq!(budget.used(), 0);
        assert!(budget.high_water() <= 1000);
    }

    #[test]
    fn the_tightest_control_group_counts() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("outer/memory.max", "1000\n");
        write("outer/memory.current", "900\n");
        write("outer/inner/memory.max", "max\n");
        write("outer/inner/memory.current", "100\n");
        let found = cgroup_available("0::/outer/inner\n", dir.path()).unwrap();
        assert_eq!(found.bytes, 100);
        assert!(found.source.ends_with("outer"), "{}", found.source);

        write("memory/memory.limit_in_bytes", "5000");
        write("memory/memory.usage_in_bytes", "6000");
        let first_version = "12:cpu:/x\n4:memory:/docker/abc\n";
        assert_eq!(cgroup_available(first_version, dir.path()).unwrap().bytes, 0);
        assert_eq!(cgroup_available("", dir.path()), None);
        assert!(Available::now().is_some_and(|a| a.bytes > 0));
        assert_eq!(Available { bytes: 0, source: String::new() }.default_limit(), 64 << 20);
    }
}
