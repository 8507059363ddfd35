-- Up to which position of the feed all is in the rows, and the hash of the change set at that position, by
-- which another feed is told from this one. Written in the transaction of the rows.
ALTER TABLE meta ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN position_hash TEXT NOT NULL DEFAULT '';
-- What was applied before there was a feed is not known to be in it.
DELETE FROM inventory_items;
DELETE FROM checkpoints;
UPDATE meta SET clean = FALSE;

-- Aggregates of which the feed has more than the rows show: what comes next cannot be read.
CREATE TABLE behind (
    kind TEXT NOT NULL,
    id   BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
