//! Group commit: one transaction of SQLite, and so one sync of its log, for all requests that waited together.

use std::mem;

use dynoxide::storage::Storage;
use dynoxide::{DynoxideError, Result};

use super::puts::Tables;
use super::tokens::Tokens;

/// Everything that the engine's thread owns.
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

/// An answer that waits for the group: sent with `None` once the group is durable, and with the reason when
/// the group was rolled back.
pub(super) type Held = Box<dyn FnOnce(Option<&str>)>;

/// The requests that become durable together.
///
/// The transaction begins with the first write. From then on every answer is held until the commit: those to
/// reads too, as a read in the same transaction has seen what may still be rolled back. Each write keeps its own
/// condition and its own outcome; a failed condition writes nothing and fails no neighbour.
pub(super) struct Group<'d> {
    database: &'d mut Database,
    is_open: bool,
    held: Vec<Held>,
}

impl<'d> Group<'d> {
    pub(super) fn new(database: &'d mut Database) -> Self {
        Self { database, is_open: false, held: Vec::new() }
    }

    /// The storage to read from.
    pub(super) fn storage(&self) -> &Storage {
        &self.database.storage
    }

    /// Whether puts into this table are made by [`Tables`].
    ///
    /// # Errors
    /// SQLite does not read the table's description.
    pub(super) fn takes(&mut self, table: &str) -> Result<bool> {
        let Database { storage, tables, .. } = &mut *self.database;
        tables.takes(storage, table)
    }

    /// The transactions that were carried out before.
    pub(super) fn tokens(&mut self) -> &mut Tokens {
        &mut self.database.tokens
    }

    /// The storage and the tables to write to, inside the group's transaction.
    ///
    /// # Errors
    /// SQLite begins no transaction.
    pub(super) fn write(&mut self) -> Result<(&Storage, &Tables)> {
        let Database { storage, tables, .. } = &*self.database;
        if !self.is_open {
            storage.begin_transaction()?;
            self.is_open = true;
        }
        Ok((storage, tables))
    }

    /// The storage for a request that begins and commits a transaction of its own. What came before it is
    /// committed first.
    pub(super) fn apart(&mut self) -> &Storage {
        self.commit();
        &self.database.storage
    }

    /// Takes the answer to a request that has run, and sends it once it may be sent.
    pub(super) fn hold(&mut self, answer: Held) {
        self.held.push(answer);
        // A full disk and some other failures make SQLite roll back by itself. What comes next must not
        // be written outside of a transaction, nor what came before be acknowledged.
        if !self.is_open || self.database.storage.conn().is_autocommit() {
            self.commit();
        }
    }

    /// Makes durable what was written, with one sync, and then sends what was held.
    pub(super) fn commit(&mut self) {
        let Database { storage, tokens, .. } = &mut *self.database;
        let lost = if mem::take(&mut self.is_open) { commit(storage).err() } else { None };
        match &lost {
            None => tokens.keep(),
            Some(_) => tokens.forget(),
        }
        let reason =
            lost.map(|error| format!("what was written together was rolled back: {error}"));
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
        // It fails when SQLite has rolled back already.
        let _ = storage.rollback();
    })
}
