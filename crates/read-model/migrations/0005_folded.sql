-- Text is searched as the domain folds it, and sorted by collation keys, which are bytes. `sku_key` is the identity of
-- a SKU; `words` is what a search looks at.
DROP TABLE inventory_items;
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
    words             TEXT    NOT NULL,
    sku_order         BLOB    NOT NULL,
    name_order        BLOB    NOT NULL,
    max_quantity_key  BIGINT  NOT NULL,
    reorder_level_key BIGINT  NOT NULL
) WITHOUT ROWID;

CREATE INDEX inventory_items_by_sku_key       ON inventory_items (sku_key);
CREATE INDEX inventory_items_by_sku           ON inventory_items (sku_order, id);
CREATE INDEX inventory_items_by_name          ON inventory_items (name_order, id, words);
CREATE INDEX inventory_items_by_on_hand       ON inventory_items (on_hand, id);
CREATE INDEX inventory_items_by_max_quantity  ON inventory_items (max_quantity_key, id);
CREATE INDEX inventory_items_by_reorder_level ON inventory_items (reorder_level_key, id);
CREATE INDEX inventory_items_by_updated_at    ON inventory_items (updated_at, id);

DELETE FROM checkpoints;
DELETE FROM behind;
UPDATE meta SET clean = FALSE, position = 0, position_hash = '';
