//! Group commit: requests that wait together share one SQLite transaction, and so one sync of its log.

use std::mem;

use dynoxide::storage::Storage;
use dynoxide::{DynoxideError, Result};

use super::puts::Tables;
use super::tokens::Tokens;

/// The storage and the in-memory state that the engine's thread owns.
pub(super) struct Database {
    storage: Storage,
    tables: Tables,
    tokens: Tokens,
}

impl Database {
    pub(super) fn new(storage: Storage) -> Self {
        Self { storage, tables: Tables::default(), tokens: Tokens::default() }
    }
}

/// A held answer. The group calls it with `None` once its writes are durable, or with the reason if they were
/// rolled back.
pub(super) type Held = Box<dyn FnOnce(Option<&str>)>;

/// Requests that become durable together.
///
/// The first write begins the transaction. From then on the group holds every answer until the commit. Answers to
/// reads are held too, because a read in the transaction may have seen a write that is rolled back later. Each
/// write keeps its own condition and outcome; a failed condition writes nothing and fails no other request.
pub(super) struct Group<'d> {
    database: &'d mut Database,
    is_open: bool,
    held: Vec<Held>,
}

impl<'d> Group<'d> {
    pub(super) fn new(database: &'d mut Database) -> Self {
        Self { database, is_open: false, held: Vec::new() }
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

    /// Begins the group's transaction unless it is open, and returns the storage and the tables to write to.
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

    /// Commits the group so far and returns the storage, for a request that runs in a transaction of its own.
    pub(super) fn apart(&mut self) -> &Storage {
        self.commit();
        &self.database.storage
    }

    /// Holds the answer to a request that has run. Sends it at once unless a transaction is open.
    pub(super) fn hold(&mut self, answer: Held) {
        self.held.push(answer);
        // A full disk and some other failures make SQLite roll back by itself. Ending the group here fails the
        // requests whose writes were lost, and keeps later writes from running outside a transaction.
        if !self.is_open || self.database.storage.conn().is_autocommit() {
            self.commit();
        }
    }

    /// Commits the group's writes with one sync, then sends the held answers.
    pub(super) fn commit(&mut self) {
        let Database { storage, tokens, .. } = &mut *self.database;
        let lost = if mem::take(&mut self.is_open) { commit(storage).err() } else { None };
        match &lost {
            None => tokens.keep(),
            Some(_) => tokens.forget(),
        }
        let reason = lost.map(|error| format!("the group's transaction was rolled back: {error}"));
        for answer in self.held.drain(..) {
            answer(reason.as_deref());
        }
    }
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
