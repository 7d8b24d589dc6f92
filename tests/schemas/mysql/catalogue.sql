-- One of everything that MariaDB's catalogue can say about tables.
CREATE TABLE types (
  t1 tinyint(1), t1u tinyint unsigned, i2 smallint, i3 mediumint unsigned, i4 int(11) unsigned zerofill, i8 bigint,
  d decimal(10,3) unsigned, f float, f8 double unsigned,
  c char(3), v varchar(24) CHARACTER SET latin1 COLLATE latin1_swedish_ci, vb varchar(10) COLLATE utf8mb4_bin,
  vn varchar(10) COLLATE utf8mb4_unicode_nopad_ci,
  tt tinytext, t text, mt mediumtext, lt longtext,
  b3 binary(3), vb9 varbinary(9), tb tinyblob, b blob, lb longblob,
  dt date, tm time(3), dtm datetime(6), ts timestamp NULL, y year,
  j json, e enum('a', 'it''s', 'x,(y)') NOT NULL DEFAULT 'a', s set('r', 'w', 'x'), bt bit(9),
  u uuid, ip4 inet4, ip6 inet6,
  g geometry, p point REF_SYSTEM_ID=4326 NOT NULL, poly polygon,
  SPATIAL INDEX (p)
) COMMENT 'all types';
CREATE TABLE parent (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  Code varchar(8) NOT NULL,
  region int NOT NULL,
  note text,
  UNIQUE KEY by_region (region, code),
  UNIQUE KEY by_note (note(10)),
  KEY plain (region)
) ENGINE=InnoDB AUTO_INCREMENT=100;
CREATE TABLE `Child Table` (
  id bigint NOT NULL AUTO_INCREMENT,
  `select` varchar(20) NOT NULL DEFAULT 'it''s' COMMENT 'a word',
  n int DEFAULT 5 CHECK (n > 0),
  made timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  parent_id int unsigned,
  region int,
  code varchar(8),
  up varchar(40) GENERATED ALWAYS AS (upper(`select`)) VIRTUAL,
  twice int AS (n * 2) STORED,
  PRIMARY KEY (id),
  CONSTRAINT named CHECK (char_length(`select`) > 1 AND n <> 13),
  CONSTRAINT parent_fk FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL,
  CONSTRAINT pair_fk FOREIGN KEY (region, CODE) REFERENCES parent (region, code)
);
CREATE TABLE by_range (at date NOT NULL, n int) PARTITION BY RANGE (year(at)) (
  PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN (2022), PARTITION rest VALUES LESS THAN MAXVALUE);
CREATE TABLE by_columns (a int, b varchar(9)) PARTITION BY RANGE COLUMNS (a, b) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (
  PARTITION p0 VALUES LESS THAN (5, 'it''s'), PARTITION p1 VALUES LESS THAN (10, MAXVALUE));
CREATE TABLE by_list (a int) PARTITION BY LIST (a) (
  PARTITION odd VALUES IN (1, 3, NULL), PARTITION even VALUES IN (2), PARTITION other DEFAULT);
CREATE TABLE by_key (a int PRIMARY KEY) PARTITION BY KEY (a) PARTITIONS 3;
CREATE TABLE old (a int) ENGINE=MyISAM;
CREATE TABLE kept (a int) WITH SYSTEM VERSIONING;
CREATE SEQUENCE counter;
CREATE VIEW seen AS SELECT id FROM parent;
CREATE TRIGGER before_parent BEFORE INSERT ON parent FOR EACH ROW SET NEW.region = NEW.region;
INSERT INTO parent (code, region, note) VALUES ('a', 1, 'x'), ('b', 2, 'y');
