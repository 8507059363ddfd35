-- Nothing here is a fact that the change sets do not hold. A later migration that changes what a row
-- says deletes rows and checkpoints and sets meta.clean to FALSE: the next start fills them again.

-- Whose change sets these are, and whether the last stop left nothing undone. One row.
CREATE TABLE meta (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    lineage  TEXT    NOT NULL,
    clean    BOOLEAN NOT NULL
);

-- Up to which version each aggregate is in the rows. Written in the transaction of the rows.
CREATE TABLE checkpoints (
    kind    TEXT   NOT NULL,
    id      BLOB   NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

-- The state of each item, where it stands, and what it is sorted and searched by (`…_key`): text in one
-- case; a number for "none". Times are milliseconds since the Unix epoch.
CREATE TABLE inventory_items (
    id                BLOB    NOT NULL PRIMARY KEY,
    version           BIGINT  NOT NULL,
    sku               TEXT    NOT NULL,
    name              TEXT    NOT NULL,
    unit              TEXT    NOT NULL,
    on_hand           BIGINT  NOT NULL,
    max_quantity      BIGINT,
    reorder_level     BIGINT,
    active            BOOLEAN NOT NULL,
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    sku_key           TEXT    NOT NULL,
    name_key          TEXT    NOT NULL,
    max_quantity_key  BIGINT  NOT NULL,
    reorder_level_key BIGINT  NOT NULL
) WITHOUT ROWID;

CREATE INDEX inventory_items_by_sku           ON inventory_items (sku_key, id);
CREATE INDEX inventory_items_by_name          ON inventory_items (name_key, id);
CREATE INDEX inventory_items_by_on_hand       ON inventory_items (on_hand, id);
CREATE INDEX inventory_items_by_max_quantity  ON inventory_items (max_quantity_key, id);
CREATE INDEX inventory_items_by_reorder_level ON inventory_items (reorder_level_key, id);
CREATE INDEX inventory_items_by_updated_at    ON inventory_items (updated_at, id);
