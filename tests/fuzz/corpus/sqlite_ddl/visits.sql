CREATE TABLE place (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE CHECK (length(code) = 3), name TEXT);
CREATE TABLE visit (id INTEGER PRIMARY KEY, place_id INTEGER NOT NULL REFERENCES place (id), parent_id INTEGER REFERENCES visit (id),
  began TEXT NOT NULL, ended TEXT CHECK (ended >= began), price DECIMAL(8, 2), kind TEXT CHECK (kind IN ('a', 'b')), UNIQUE (place_id, began));
