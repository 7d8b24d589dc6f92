use super::*;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = OutFile::create(dir.path(), "t.csv", FileOptions::default()).unwrap();
    file.put(b"abc").unwrap();
    assert_eq!(names(dir.path()), ["t.csv.inprogress"]);
    drop(file);
    assert!(names(dir.path()).is_empty());

    let mut file = OutFile::create(dir.path(), "t.csv", FileOptions::default()).unwrap();
    file.put(b"abc").unwrap();
    file.put(&vec![b'x'; 600_000]).unwrap();
    assert_eq!(file.bytes(), 600_003);
    let part = file.finish(1).unwrap();
    assert_eq!(names(dir.path()), ["t.csv"]);
    let on_disk = fs::read(dir.path().join("t.csv")).unwrap();
    assert_eq!(on_disk.len(), 600_003);
    assert_eq!(part.checksum, format!("{:032x}", XxHash3_128::oneshot(&on_disk)));
}

#[test]
fn known_checksum() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = OutFile::create(dir.path(), "t", FileOptions::default()).unwrap();
    file.put(b"abc").unwrap();
    let part = file.finish(0).unwrap();
    assert_eq!(part.checksum, "06b05ab6733a618578af5f94892f3950", "as `xxhsum -H2` prints it");
}

#[test]
fn a_file_in_the_way_stays_unless_asked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    fs::write(&path, "mine").unwrap();
    let error = OutFile::create(dir.path(), "t.csv", FileOptions::default()).err().unwrap();
    assert!(matches!(error, StageError::Exists { .. }));
    assert!(error.to_string().contains("t.csv` exists already"), "{error}");
    assert_eq!(names(dir.path()), ["t.csv"]);

    let mut file = OutFile::create(dir.path(), "t.csv", FileOptions { overwrite: true, ..Default::default() }).unwrap();
    file.put(b"new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine", "the old one stays until the new one is whole");
    file.finish(0).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
}

#[test]
fn one_that_appears_meanwhile_is_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let file = OutFile::create(dir.path(), "t.csv", FileOptions::default()).unwrap();
    fs::write(dir.path().join("t.csv"), "mine").unwrap();
    assert!(matches!(file.finish(0), Err(StageError::Exists { .. })));
    assert_eq!(names(dir.path()), ["t.csv"]);
    assert_eq!(fs::read_to_string(dir.path().join("t.csv")).unwrap(), "mine");
}

#[test]
fn a_leftover_is_taken_over_but_not_one_being_written() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("t.csv.inprogress"), "left by a killed run, and longer than the new one").unwrap();
    let mut file = OutFile::create(dir.path(), "t.csv", FileOptions::default()).unwrap();
    assert!(matches!(OutFile::create(dir.path(), "t.csv", FileOptions::default()), Err(StageError::Busy { .. })));
    file.put(b"new").unwrap();
    file.finish(0).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("t.csv")).unwrap(), "new");
}

#[test]
fn refusals_name_path_and_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let said = |dir: &Path| OutFile::create(dir, "t.csv", FileOptions::default()).err().unwrap().to_string();
    assert!(said(&dir.path().join("none")).contains("choose a folder that exists"));
    fs::write(dir.path().join("file"), "").unwrap();
    assert!(said(&dir.path().join("file")).contains("choose a folder that exists"));

    let locked = dir.path().join("locked");
    fs::create_dir(&locked).unwrap();
    let mut rights = fs::metadata(&locked).unwrap().permissions();
    rights.set_readonly(true);
    fs::set_permissions(&locked, rights).unwrap();
    // Root may write anywhere, so the test would fail.
    if File::create(locked.join("probe")).is_err() {
        assert!(said(&locked).contains("choose a folder that you may write to"));
    }
}

#[test]
fn a_full_disk_is_said_with_the_room_that_is_left() {
    // Every write to this device fails as on a full disk.
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut file = OutFile::create(dir.path(), "t.csv", FileOptions::default()).unwrap();
    file.file = full;
    let error = file.put(&vec![0; BUFFER]).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("t.csv") && said.contains("free there") && said.contains("free some space"), "{said}");
    // The same through a writer that passes on only the text of errors.
    io::Write::write_all(&mut file, &vec![0; BUFFER]).unwrap_err();
    assert!(matches!(file.failure().take(), Some(StageError::Write { .. })));
}

#[test]
fn nothing_is_written_through_what_others_have_put_there() {
    let dir = tempfile::tempdir().unwrap();
    let (victim, planted) = (dir.path().join("victim"), dir.path().join("t.csv.inprogress"));
    fs::write(&victim, "dear").unwrap();
    let refused = |what: &str| {
        let error = OutFile::create(dir.path(), "t.csv", FileOptions::default()).err().unwrap().to_string();
        assert!(error.contains(what) && error.contains("t.csv.inprogress"), "{error}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "dear");
        fs::remove_file(&planted).unwrap();
    };
    std::os::unix::fs::symlink(&victim, &planted).unwrap();
    refused("no ordinary file");
    std::os::unix::fs::symlink(dir.path().join("not there"), &planted).unwrap();
    refused("no ordinary file");
    fs::hard_link(&victim, &planted).unwrap();
    refused("another name as well");
    assert!(std::process::Command::new("mkfifo").arg(&planted).status().unwrap().success());
    refused("no ordinary file");
    let options = FileOptions { private: true, ..FileOptions::default() };
    let _ = OutFile::create(dir.path(), "t.csv", options).unwrap().finish(0).unwrap();
    assert_eq!(fs::metadata(dir.path().join("t.csv")).unwrap().mode() & 0o777, 0o600);
}
