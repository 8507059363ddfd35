-- The stock of each item by location, as JSON. It also tells which locations an item refers to.
ALTER TABLE inventory_items ADD COLUMN balances TEXT NOT NULL DEFAULT '[]';
