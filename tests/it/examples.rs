//! The examples of `examples/`: each is loaded into every server, and the queries of its `none.sql` find nothing.

use std::path::{Path, PathBuf};

use crate::program::{dbmocker, path};
use crate::servers::{KINDS, database};

fn folders() -> Vec<PathBuf> {
    let all = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap();
    all.map(|entry| entry.unwrap().path()).filter(|path| path.join("dbmocker.yaml").exists()).collect()
}

#[test]
fn every_example_does_what_its_queries_say() {
    let folders = folders();
    assert_eq!(folders.len(), 5);
    for folder in folders {
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let (schema, queries) = (read("schema.sql"), read("none.sql"));
        for kind in KINDS {
            let db = database(kind, &schema);
            let ran = dbmocker(["load", "--url", &db.url, "--config", &path(&folder, "dbmocker.yaml")]);
            assert!(ran.code == 0, "{}, {kind:?}: {}", folder.display(), ran.stderr);
            for query in queries.split(';').map(str::trim).filter(|query| !query.is_empty()) {
                let rows = db.rows(query);
                assert!(rows.is_empty(), "{}, {kind:?}: {query}: {:?}", folder.display(), &rows[..rows.len().min(5)]);
            }
        }
    }
}
