//! Group commit: requests that wait together share one SQLite transaction, and so one sync of its
//! log.

use std::mem;
use std::time::Instant;

use dynoxide::storage::Storage;
use dynoxide::{DynoxideError, Result};

use super::disk;
use super::open_files::{Gone, OpenFiles};
use super::puts::Tables;
use super::tokens::Tokens;

/// The storage and the in-memory state that the engine's thread owns.
pub(super) struct Database {
    storage: Storage,
    files: OpenFiles,
    tables: Tables,
    tokens: Tokens,
    /// The last write failed for a reason that may last, such as a full disk.
    last_write_failed: bool,
}

impl Database {
    pub(super) fn new(storage: Storage, files: OpenFiles) -> Self {
        let (tables, tokens) = (Tables::default(), Tokens::default());
        Self { storage, files, tables, tokens, last_write_failed: false }
    }
}

/// A held answer. The group calls it with `None` once its writes are durable.
pub(super) type Held = Box<dyn FnOnce(Option<&Lost>)>;

/// The disk's refusal of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The disk has no room.
    Full,
    /// The disk fails or is read-only.
    Broken,
}

/// The reason for which the writes of a group are not durable.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    /// They were rolled back, as the disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// They were rolled back for another reason.
    #[error("the group's transaction was rolled back: {0}")]
    RolledBack(DynoxideError),
    /// They went into a file that is gone.
    #[error(transparent)]
    Gone(Gone),
}

impl Lost {
    pub(super) fn of(error: DynoxideError) -> Self {
        if disk::is_full(&error) { Self::DiskFull } else { Self::RolledBack(error) }
    }

    /// The failure of each request of the group.
    pub(super) fn failure(&self) -> DynoxideError {
        match self {
            Self::DiskFull => disk::full(),
            other => DynoxideError::InternalServerError(other.to_string()),
        }
    }
}

/// Requests that become durable together.
///
/// The first write begins the transaction. From then on the group holds every answer until the
/// commit. Answers to reads are held too, because a read in the transaction may have seen a write
/// that is rolled back later. Each write keeps its own condition and outcome; a failed condition
/// writes nothing and fails no other request.
pub(super) struct Group<'d> {
    database: &'d mut Database,
    is_open: bool,
    /// The disk's refusal of one request's write, while the others may be committed.
    refused: Option<Refused>,
    held: Vec<Held>,
}

impl<'d> Group<'d> {
    pub(super) fn new(database: &'d mut Database) -> Self {
        Self { database, is_open: false, refused: None, held: Vec::new() }
    }

    /// Returns the storage to read from.
    pub(super) fn storage(&self) -> &Storage {
        &self.database.storage
    }

    /// Returns whether [`Tables`] carries out puts into this table.
    ///
    /// # Errors
    /// Fails when SQLite cannot read the table's metadata.
    pub(super) fn takes(&mut self, table: &str) -> Result<bool> {
        let Database { storage, tables, .. } = &mut *self.database;
        tables.takes(storage, table)
    }

    /// Returns the idempotency tokens of earlier transactions.
    pub(super) fn tokens(&mut self) -> &mut Tokens {
        &mut self.database.tokens
    }

    /// Begins the group's transaction unless it is open, and returns the storage and the tables to
    /// write to.
    ///
    /// # Errors
    /// Fails when SQLite cannot begin the transaction.
    pub(super) fn write(&mut self) -> Result<(&Storage, &Tables)> {
        let Database { storage, tables, .. } = &*self.database;
        if !self.is_open {
            storage.begin_transaction()?;
            self.is_open = true;
        }
        Ok((storage, tables))
    }

    /// Notes that the disk refused a write of one request, or one outside the engine.
    pub(super) fn note_failed_write(&mut self, refused: Refused) {
        self.refused = Some(refused);
    }

    /// Tries to write if the last write failed.
    ///
    /// # Errors
    /// Fails when SQLite still cannot write.
    pub(super) fn check_writes(&mut self) -> Result<()> {
        if self.database.last_write_failed {
            disk::probe(self.apart())?;
            self.database.last_write_failed = false;
        }
        Ok(())
    }

    /// Commits the group so far and returns the storage, for a request that runs in a transaction
    /// of its own.
    pub(super) fn apart(&mut self) -> &Storage {
        self.commit();
        &self.database.storage
    }

    /// Holds the answer to a request that has run. Sends it at once unless a transaction is open.
    pub(super) fn hold(&mut self, answer: Held) {
        self.held.push(answer);
        // A full disk and some other failures make SQLite roll back by itself. Ending the group
        // here fails the requests whose writes were lost, and keeps later writes from running
        // outside a transaction.
        if !self.is_open || self.database.storage.conn().is_autocommit() {
            self.commit();
        }
    }

    /// Commits the group's writes with one sync, then sends the held answers.
    pub(super) fn commit(&mut self) {
        let Database { storage, files, tokens, last_write_failed, .. } = &mut *self.database;
        let was_open = mem::take(&mut self.is_open);
        let refused = self.refused.take();
        let ended = if was_open { commit(storage) } else { end_stray(storage) };
        if was_open || refused.is_some() {
            *last_write_failed = ended.is_err() || refused.is_some();
        }
        let lost = match ended {
            Ok(()) => files.check().err().map(Lost::Gone),
            // SQLite has already rolled back by itself, so the commit's error does not name the
            // disk.
            Err(_) if refused == Some(Refused::Full) => Some(Lost::DiskFull),
            Err(error) => Some(Lost::of(disk::explained(error, storage))),
        };
        match &lost {
            None => tokens.keep(Instant::now()),
            Some(_) => tokens.forget(),
        }
        for answer in self.held.drain(..) {
            answer(lost.as_ref());
        }
    }
}

/// Rolls back a transaction that a request apart began and left open, for example because the
/// engine panicked. Until the rollback succeeds, every later answer is a failure, because it could
/// rest on uncommitted rows.
fn end_stray(storage: &Storage) -> Result<()> {
    if storage.conn().is_autocommit() {
        return Ok(());
    }
    storage.rollback()?;
    Err(DynoxideError::InternalServerError("a request left its transaction open".to_owned()))
}

fn commit(storage: &Storage) -> Result<()> {
    if storage.conn().is_autocommit() {
        return Err(DynoxideError::InternalServerError("SQLite ended the transaction".to_owned()));
    }
    storage.commit().inspect_err(|_| {
        // The rollback fails when SQLite has already rolled back.
        let _ = storage.rollback();
    })
}
