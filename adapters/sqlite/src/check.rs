//! The check of a whole file.

use rusqlite::{Connection, ErrorCode};

use crate::SqliteError;

/// The most findings of each kind.
const MOST: usize = 20;

/// What must select nothing, with what it means if it does. `?` is the most that is asked for.
const CONTRADICTIONS: [(&str, &str); 6] = [
    (
        "a value is no JSON, of worker",
        "SELECT ordinal FROM workers LEFT JOIN specs ON worker = ordinal
         WHERE NOT json_valid(record) OR spec IS NULL OR NOT json_valid(spec)
         UNION ALL SELECT worker FROM entries WHERE NOT json_valid(entry)
         UNION ALL SELECT worker FROM turns WHERE NOT json_valid(turn)
         UNION ALL SELECT worker FROM events WHERE NOT json_valid(events)
         UNION ALL SELECT worker FROM input_keys WHERE NOT json_valid(input_key)
         UNION ALL SELECT 0 FROM create_keys WHERE NOT json_valid(create_key)
         UNION ALL SELECT 0 FROM totals WHERE NOT json_valid(totals) LIMIT ?",
    ),
    (
        "the record has another version than the row, of worker",
        "SELECT ordinal FROM workers WHERE json_valid(record)
         AND version IS NOT json_extract(record, '$.version') LIMIT ?",
    ),
    (
        "entries are missing or too many, of worker",
        "SELECT ordinal FROM workers WHERE json_valid(record) AND json_extract(record, '$.entries')
         IS NOT (SELECT count(*) FROM entries WHERE worker = ordinal) LIMIT ?",
    ),
    (
        "turns are missing or too many, of worker",
        "SELECT w.ordinal FROM workers w WHERE json_valid(record) AND json_extract(record, '$.turns')
         IS NOT (SELECT count(*) FROM turns t WHERE t.worker = w.ordinal) LIMIT ?",
    ),
    (
        "the newest event is not that of the record, of worker",
        "SELECT ordinal FROM workers WHERE json_valid(record)
         AND json_extract(record, '$.worker_sequence')
         IS NOT (SELECT coalesce(max(last), 0) FROM events WHERE worker = ordinal) LIMIT ?",
    ),
    (
        "events are missing, of worker",
        "SELECT worker FROM (SELECT worker, first, lag(last) OVER (PARTITION BY worker ORDER BY last)
         AS before FROM events) WHERE before <> first - 1 LIMIT ?",
    ),
];

/// Looks for damage in one snapshot of the file.
pub(crate) fn run(connection: &mut Connection) -> Result<(), SqliteError> {
    let mut findings = Vec::new();
    let searched = search(connection, &mut findings);
    match searched {
        // A page that cannot be read ends the search.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            findings.push(error.to_string());
        }
        Err(error) => return Err(error.into()),
        Ok(()) => {}
    }
    if findings.is_empty() { Ok(()) } else { Err(SqliteError::Damaged { findings }) }
}

fn search(connection: &mut Connection, findings: &mut Vec<String>) -> rusqlite::Result<()> {
    let snapshot = connection.transaction()?;
    let mut integrity = snapshot.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
    for finding in integrity.query_map([], |row| row.get::<_, String>(0))? {
        findings.extend(Some(finding?).filter(|finding| finding != "ok"));
    }
    if !findings.is_empty() {
        // What else is read of a damaged structure says little.
        return Ok(());
    }
    let mut orphans = snapshot.prepare("PRAGMA foreign_key_check")?;
    let tables = orphans.query_map([], |row| row.get::<_, String>(0))?;
    for table in tables.take(MOST) {
        findings.push(format!("a row of `{}` has no worker", table?));
    }
    for (finding, select) in CONTRADICTIONS {
        let mut select = snapshot.prepare(select)?;
        for ordinal in select.query_map([MOST as u64], |row| row.get::<_, i64>(0))? {
            findings.push(format!("{finding} {}", ordinal?));
        }
    }
    Ok(())
}
