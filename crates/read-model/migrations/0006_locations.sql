-- The state of each location.
CREATE TABLE locations (
    id         BLOB    NOT NULL PRIMARY KEY,
    version    BIGINT  NOT NULL,
    code       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    open       BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    words      TEXT    NOT NULL,
    code_order BLOB    NOT NULL,
    name_order BLOB    NOT NULL
) WITHOUT ROWID;

CREATE INDEX locations_by_code       ON locations (code_order, id);
CREATE INDEX locations_by_name       ON locations (name_order, id, words);
CREATE INDEX locations_by_updated_at ON locations (updated_at, id);
