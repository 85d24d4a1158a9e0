//! Disks that are full, files that cannot be written or read: what was acknowledged stays, and every
//! error says what to do.

use std::{
    fs::{self, File, Permissions},
    io::{Seek, SeekFrom, Write},
};

use rusqlite::Connection;
use worker_runtime::store::{Settlement, Store, StoreError};
use yoi_sqlite::{Options, SqliteError, SqliteStore};

use crate::support::{file, id, lease, listed, put};

#[tokio::test]
async fn a_full_disk_refuses_commits_and_loses_none() {
    let (_folder, file) = file();
    let store = Options::default().max_bytes(400 << 10).open(&file).unwrap();
    let held = lease(&store).await;
    let mut acknowledged = 0;
    let refused = loop {
        match store.commit(&put(held, acknowledged + 1, 1, 4000)).await {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(acknowledged > 20, "{acknowledged}");
    let StoreError::Refused(said) = &refused else { panic!("{refused:?}") };
    assert!(said.contains("make room"), "{said}");
    // The same in a group: what fits is written, what does not is refused.
    let large = store.commit(&put(held, 1000, 1, 50_000));
    let small = store.commit(&put(held, 1, 2, 100));
    assert!(matches!(large.await, Err(StoreError::Refused(_))));
    assert_eq!(small.await, Ok(()));
    assert_eq!(store.settle(held, id(1000), 1).await, Ok(Settlement::NotApplied));
    assert_eq!(listed(&store).await as u64, acknowledged);
    store.check().unwrap();
    // Room was made.
    store.release(held).await.unwrap();
    drop(store);
    let store = SqliteStore::open(&file).unwrap();
    let held = lease(&store).await;
    store.commit(&put(held, acknowledged + 1, 1, 4000)).await.unwrap();
    assert_eq!(listed(&store).await as u64, acknowledged + 1);
}

#[tokio::test]
async fn damage_in_the_middle_of_the_file_is_told_and_hides_nothing_else() {
    let (_folder, file) = file();
    let store = SqliteStore::open(&file).unwrap();
    let held = lease(&store).await;
    for ordinal in 1..=300 {
        store.commit(&put(held, ordinal, 1, 3000)).await.unwrap();
    }
    store.release(held).await.unwrap();
    drop(store);
    let beside = Connection::open(&file).unwrap();
    beside.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(beside);
    let length = fs::metadata(&file).unwrap().len();
    let mut damaged = File::options().write(true).open(&file).unwrap();
    damaged.seek(SeekFrom::Start(length / 2)).unwrap();
    damaged.write_all(&vec![0xa5; 64 << 10]).unwrap();
    drop(damaged);

    let store = SqliteStore::open(&file).unwrap();
    let checked = store.check();
    let Err(SqliteError::Damaged { findings }) = &checked else { panic!("{checked:?}") };
    assert!(!findings.is_empty());
    let said = checked.unwrap_err().to_string();
    assert!(said.contains("restore a backup"), "{said}");
    // Page by page, so that one that cannot be read is told by itself.
    let (mut good, mut bad) = (0, 0);
    for after in 0..300 {
        match store.workers(after, 1).await {
            Ok(page) if page[0].is_ok() => good += 1,
            Ok(_) => bad += 1,
            Err(StoreError::Refused(said)) => {
                assert!(said.contains("restore a backup"), "{said}");
                bad += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(good > 100 && bad > 0, "{good} good, {bad} bad");
}

#[test]
fn a_folder_that_is_missing_is_told() {
    let (_folder, file) = file();
    let refused = SqliteStore::open(file.join("store.sqlite")).unwrap_err();
    assert!(matches!(refused, SqliteError::CannotOpen { .. }), "{refused:?}");
    assert!(refused.to_string().contains("its folder must exist"), "{refused}");
}

/// A user that may read the file and not write it. Whoever is root may write all files, so the
/// thread becomes somebody else for good; if that is not allowed, it is not root.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, file) = file();
    let store = SqliteStore::open(&file).unwrap();
    drop(store);
    let beside = Connection::open(&file).unwrap();
    beside.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(beside);
    for (path, mode) in [(file.as_path(), 0o444), (folder.path(), 0o555)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let opened = std::thread::spawn(move || {
        let nobody = rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65534));
        assert!(nobody.is_ok() || !rustix::process::geteuid().is_root());
        let old = SqliteStore::open(&file).map(drop);
        (old, SqliteStore::open(file.with_file_name("new.sqlite")).map(drop))
    });
    let (old, new) = opened.join().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(old, Err(SqliteError::ReadOnly)), "{old:?}");
    assert!(matches!(new, Err(SqliteError::CannotOpen { .. })), "{new:?}");
}
