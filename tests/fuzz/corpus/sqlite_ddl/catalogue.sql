-- One of everything that SQLite's pragmas and statements can say about tables.
CREATE TABLE Parent (
  Id INTEGER PRIMARY KEY AUTOINCREMENT,
  code VARCHAR(8) COLLATE NOCASE NOT NULL CONSTRAINT code_once UNIQUE,
  region INT NOT NULL DEFAULT (1 + 1),
  note /* with ) and ' */ TEXT, -- and another (
  CONSTRAINT pair UNIQUE (region, CODE)
);
CREATE TABLE "child table" (
  id INTEGER CONSTRAINT child_pk PRIMARY KEY,
  [parent id] INTEGER REFERENCES parent ON DELETE CASCADE,
  region INT, code TEXT,
  boss INTEGER CONSTRAINT boss_fk REFERENCES "child table"(ID) DEFERRABLE INITIALLY DEFERRED,
  lost INTEGER REFERENCES nowhere(x),
  `select` TEXT NOT NULL CHECK (length("select") BETWEEN 1 AND 10),
  n INT CONSTRAINT n_small CHECK (n < 100) CHECK (n <> 13 /* unlucky */),
  total REAL GENERATED ALWAYS AS (n * 1.5) STORED,
  half REAL AS (n / 2),
  misspelt REFERENCE blob,
  CONSTRAINT named CHECK (region > 0 OR code IS NULL)
  FOREIGN KEY (region, code) REFERENCES PARENT (region, code) ON UPDATE SET NULL
);
CREATE UNIQUE INDEX child_partial ON "child table" (lower(`select`) DESC, n) WHERE n > 0;
CREATE UNIQUE INDEX child_nocase ON "child table" (code COLLATE NOCASE);
CREATE INDEX child_plain ON "child table" (region);
CREATE TABLE types (
  i INTEGER, t1 TINYINT(1), b BIGINT UNSIGNED, v NVARCHAR(160), d DECIMAL(10,2), r DOUBLE, f BOOLEAN, day DATE,
  at DATETIME, clock TIME, bin BLOB, vb VARBINARY(16), j JSON, u UUID, untyped, geom POINT, s STRING
);
CREATE TABLE exact (k TEXT PRIMARY KEY, v ANY, n INT) STRICT, WITHOUT ROWID;
CREATE TABLE pair_key (a INTEGER, b TEXT, PRIMARY KEY (b, a));
CREATE TABLE reversed (a INTEGER PRIMARY KEY DESC);
CREATE VIEW seen AS SELECT id FROM parent;
CREATE VIRTUAL TABLE words USING fts5(body);
CREATE TRIGGER after_parent AFTER INSERT ON parent BEGIN SELECT 1; END;
INSERT INTO parent (code, region, note) VALUES ('a', 1, 'x'), ('b', 2, NULL);
