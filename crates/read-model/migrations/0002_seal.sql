-- What the store's file was when it was closed at the last clean stop; empty for a store without one.
-- A file that is another by the next start was put in its place.
ALTER TABLE meta ADD COLUMN seal TEXT NOT NULL DEFAULT '';
