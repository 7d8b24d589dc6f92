-- What PostgreSQL allows and few schemas hold all at once: every table must fill, or be limited visibly.
CREATE EXTENSION citext; CREATE EXTENSION btree_gist; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
CREATE SCHEMA ops; CREATE SCHEMA "Odd Names";

-- citext keys and references by them
CREATE TABLE accounts (login citext PRIMARY KEY CHECK (login ~ '^[a-z0-9._-]{3,30}$'), email citext NOT NULL UNIQUE CHECK (email LIKE '%@%'), referred_by citext REFERENCES accounts, created timestamptz NOT NULL DEFAULT now());
CREATE TABLE sessions (account citext NOT NULL REFERENCES accounts ON DELETE CASCADE, token uuid NOT NULL, started timestamptz NOT NULL, ended timestamptz, PRIMARY KEY (account, token), CHECK (ended IS NULL OR ended > started));

-- MATCH FULL, deferrable unique, identity always, generated
CREATE TABLE regions (country char(2) NOT NULL, code varchar(6) NOT NULL, name text NOT NULL, PRIMARY KEY (country, code), CHECK (country = upper(country)));
CREATE TABLE offices (id int GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 5) PRIMARY KEY, country char(2), region varchar(6), rank int NOT NULL, label text GENERATED ALWAYS AS (coalesce(country, '??') || '-' || rank::text) STORED, opened date NOT NULL, closed date,
  FOREIGN KEY (country, region) REFERENCES regions MATCH FULL, UNIQUE (rank) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT closed_after CHECK (closed > opened) NOT VALID, UNIQUE NULLS NOT DISTINCT (country, opened));
ALTER TABLE offices ADD CONSTRAINT office_seen CHECK (opened >= '2000-01-01') NOT VALID;

-- inheritance with CHECKs
CREATE TABLE assets (id bigserial PRIMARY KEY, tag text NOT NULL CHECK (tag ~ '^AS-[0-9]{6}$'), bought date NOT NULL, price numeric(10,2) NOT NULL CHECK (price > 0), kind text NOT NULL CHECK (kind IN ('car','laptop','desk')));
CREATE TABLE cars (plate varchar(10) NOT NULL UNIQUE, seats smallint NOT NULL CHECK (seats BETWEEN 2 AND 9), CHECK (kind = 'car'), PRIMARY KEY (id)) INHERITS (assets);
CREATE TABLE laptops (serial text NOT NULL, ram int NOT NULL CHECK (ram IN (8,16,32,64)), office int REFERENCES offices, CHECK (kind = 'laptop'), CHECK (ram < 64 OR price > 2000)) INHERITS (assets);

-- partitioned: list then range, hash, FKs to them
CREATE TABLE orders (id bigint NOT NULL, status text NOT NULL, placed date NOT NULL, account citext REFERENCES accounts, total numeric(12,2) NOT NULL CHECK (total >= 0), PRIMARY KEY (id, status, placed)) PARTITION BY LIST (status);
CREATE TABLE orders_open PARTITION OF orders FOR VALUES IN ('new', 'paid') PARTITION BY RANGE (placed);
CREATE TABLE orders_open_24 PARTITION OF orders_open FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE orders_open_25 PARTITION OF orders_open FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE orders_done PARTITION OF orders FOR VALUES IN ('shipped') PARTITION BY HASH (id);
CREATE TABLE orders_done_0 PARTITION OF orders_done FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE orders_done_1 PARTITION OF orders_done FOR VALUES WITH (MODULUS 3, REMAINDER 1);
ALTER TABLE orders_open_24 ADD CHECK (total < 5000);
CREATE TABLE order_lines (order_id bigint NOT NULL, status text NOT NULL, placed date NOT NULL, line int NOT NULL CHECK (line > 0), qty int NOT NULL CHECK (qty BETWEEN 1 AND 99), unit numeric(10,2) NOT NULL, amount numeric(12,2) GENERATED ALWAYS AS (qty * unit) STORED, PRIMARY KEY (order_id, status, placed, line), FOREIGN KEY (order_id, status, placed) REFERENCES orders);
CREATE TABLE shipments (id serial PRIMARY KEY, order_id bigint NOT NULL, status text NOT NULL CHECK (status = 'shipped'), placed date NOT NULL, sent date NOT NULL CHECK (sent >= placed), FOREIGN KEY (order_id, status, placed) REFERENCES orders, UNIQUE (order_id, status, placed));
CREATE TABLE readings (sensor int NOT NULL, at timestamptz NOT NULL, value float8, quality "char" NOT NULL DEFAULT 'A', PRIMARY KEY (sensor, at)) PARTITION BY HASH (sensor);
CREATE TABLE readings_0 PARTITION OF readings FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES WITH (MODULUS 2, REMAINDER 1) PARTITION BY RANGE (at);
CREATE TABLE readings_1a PARTITION OF readings_1 FOR VALUES FROM (MINVALUE) TO ('2024-06-01');
CREATE TABLE readings_1b PARTITION OF readings_1 FOR VALUES FROM ('2024-06-01') TO (MAXVALUE);
CREATE TABLE ranged (a int NOT NULL, b text NOT NULL, v text, UNIQUE (a, b)) PARTITION BY RANGE (a, b);
CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM (1, 'a') TO (10, 'm');
CREATE TABLE ranged_2 PARTITION OF ranged FOR VALUES FROM (10, 'm') TO (200, MAXVALUE);
CREATE TABLE by_month (id int NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (date_trunc('month', at AT TIME ZONE 'UTC'));
CREATE TABLE by_month_1 PARTITION OF by_month FOR VALUES FROM ('2024-01-01') TO ('2024-04-01');
CREATE TABLE by_month_2 PARTITION OF by_month FOR VALUES FROM ('2024-04-01') TO ('2024-07-01');
CREATE TABLE by_lower (name text NOT NULL, n int) PARTITION BY LIST (lower(left(name, 1)));
CREATE TABLE by_lower_ab PARTITION OF by_lower FOR VALUES IN ('a', 'b', 'c');
CREATE TABLE by_lower_rest PARTITION OF by_lower DEFAULT;

-- triggers that need session variables; stamp; audit; raise
CREATE TABLE ops.audit (id bigserial PRIMARY KEY, tab text NOT NULL, who text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION ops.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed_by := current_setting('app.user'); RETURN NEW; END $$;
CREATE TABLE ops.tickets (id serial PRIMARY KEY, title varchar(80) NOT NULL, changed_by text NOT NULL, prio int NOT NULL DEFAULT 3 CHECK (prio BETWEEN 1 AND 5));
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON ops.tickets FOR EACH ROW EXECUTE FUNCTION ops.stamp();
CREATE FUNCTION ops.audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ops.audit (tab, who) VALUES (TG_TABLE_NAME, current_user); RETURN NULL; END $$;
CREATE TRIGGER audit AFTER INSERT ON ops.tickets FOR EACH ROW EXECUTE FUNCTION ops.audit();
CREATE FUNCTION ops.no_weekend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF extract(isodow FROM NEW.day) > 5 THEN RAISE EXCEPTION 'no shifts at weekends'; END IF; RETURN NEW; END $$;
CREATE TABLE ops.shifts (id serial PRIMARY KEY, worker int NOT NULL, day date NOT NULL, hours tstzrange NOT NULL, EXCLUDE USING gist (worker WITH =, hours WITH &&), UNIQUE (worker, day));
CREATE TRIGGER no_weekend BEFORE INSERT ON ops.shifts FOR EACH ROW EXECUTE FUNCTION ops.no_weekend();
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON ops.shifts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ops.audit();

-- rules that swallow and redirect
CREATE TABLE events (id int PRIMARY KEY, kind text NOT NULL);
CREATE TABLE events_copy (id int, kind text);
CREATE RULE also AS ON INSERT TO events DO ALSO INSERT INTO events_copy VALUES (NEW.id, NEW.kind);
CREATE TABLE quiet (id int PRIMARY KEY, n int);
CREATE RULE swallow AS ON INSERT TO quiet WHERE NEW.n IS NULL DO INSTEAD NOTHING;

-- domains, composites, arrays, ranges
CREATE DOMAIN ops.iban AS varchar(34) CHECK (VALUE ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$');
CREATE DOMAIN ops.positive AS int CHECK (VALUE > 0);
CREATE DOMAIN ops.percent AS ops.positive CHECK (VALUE <= 100);
CREATE TYPE ops.money_amount AS (amount numeric(12,2), currency char(3));
CREATE TYPE ops.level AS ENUM ('low', 'mid', 'high');
CREATE TABLE payments (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), iban ops.iban NOT NULL, share ops.percent NOT NULL, shares ops.percent[] NOT NULL, amount ops.money_amount NOT NULL CHECK ((amount).amount > 0), level ops.level NOT NULL DEFAULT 'low', levels ops.level[] CHECK (array_length(levels, 1) BETWEEN 1 AND 3), meta hstore, path ltree UNIQUE, valid daterange NOT NULL CHECK (NOT isempty(valid) AND upper(valid) - lower(valid) <= 365), net cidr, ip inet CHECK (family(ip) = 4), mac macaddr, flags bit(8), dur interval CHECK (dur > interval '0'), xml_doc xml, search tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(iban, ''))) STORED, raw bytea CHECK (octet_length(raw) <= 32), pos point, big numeric(30,10), tiny real CHECK (tiny BETWEEN 0 AND 1), yes boolean NOT NULL CHECK (yes));
CREATE UNIQUE INDEX ON payments (lower(iban), level);
CREATE UNIQUE INDEX ON payments (((amount).currency), share) WHERE level = 'high';

-- odd identifiers, reserved words
CREATE TABLE "Odd Names"."Select ""From""" ("Group" int PRIMARY KEY, "order" text NOT NULL UNIQUE CHECK ("order" <> ''), "naïve ☃" int NOT NULL CHECK ("naïve ☃" % 2 = 0), "user" citext);
CREATE TABLE "Odd Names".child ("Group" int NOT NULL UNIQUE REFERENCES "Odd Names"."Select ""From""", "a.b" jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof("a.b") = 'object'));

-- cycles, self references NOT NULL, tree, composite tenant web
CREATE TABLE tenants (id int PRIMARY KEY, owner int NOT NULL);
CREATE TABLE users (id int PRIMARY KEY, tenant int NOT NULL REFERENCES tenants DEFERRABLE INITIALLY DEFERRED, boss int NOT NULL REFERENCES users, name text NOT NULL, UNIQUE (tenant, id), UNIQUE (tenant, name));
ALTER TABLE tenants ADD FOREIGN KEY (owner) REFERENCES users DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE projects (tenant int NOT NULL REFERENCES tenants, id int NOT NULL, lead int NOT NULL, parent int, PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, lead) REFERENCES users (tenant, id), FOREIGN KEY (tenant, parent) REFERENCES projects (tenant, id), CHECK (parent <> id));
CREATE TABLE tasks (tenant int NOT NULL, project int NOT NULL, id int NOT NULL, assignee int, reviewer int, state smallint NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4), done_at timestamptz, PRIMARY KEY (tenant, project, id), FOREIGN KEY (tenant, project) REFERENCES projects, FOREIGN KEY (tenant, assignee) REFERENCES users (tenant, id), FOREIGN KEY (tenant, reviewer) REFERENCES users (tenant, id), CHECK (assignee <> reviewer), CHECK ((state = 4) = (done_at IS NOT NULL)));
CREATE TABLE task_links (tenant int NOT NULL, project int NOT NULL, a int NOT NULL, b int NOT NULL, PRIMARY KEY (tenant, project, a, b), FOREIGN KEY (tenant, project, a) REFERENCES tasks, FOREIGN KEY (tenant, project, b) REFERENCES tasks, CHECK (a < b));
-- exclusion
CREATE TABLE rooms (id int PRIMARY KEY, name citext UNIQUE NOT NULL);
CREATE TABLE bookings (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, room int NOT NULL REFERENCES rooms, during tstzrange NOT NULL, cancelled boolean NOT NULL DEFAULT false, EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled), CHECK (lower_inc(during) AND NOT upper_inc(during)));
CREATE TABLE history (item int NOT NULL, valid_from date NOT NULL, valid_to date NOT NULL DEFAULT 'infinity', price numeric(8,2) NOT NULL, PRIMARY KEY (item, valid_from), EXCLUDE USING gist (item WITH =, daterange(valid_from, valid_to) WITH &&), CHECK (valid_from < valid_to));
-- row-level security
CREATE TABLE secrets (id int PRIMARY KEY, owner name NOT NULL DEFAULT current_user, body text NOT NULL);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY; ALTER TABLE secrets FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON secrets USING (owner = current_user);
-- function CHECKs and lookups
CREATE FUNCTION ops.ean_ok(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$ DECLARE s int := 0; BEGIN IF length(t) <> 13 OR t !~ '^\d+$' THEN RETURN false; END IF; FOR i IN 1..12 LOOP s := s + substr(t,i,1)::int * (CASE WHEN i % 2 = 0 THEN 3 ELSE 1 END); END LOOP; RETURN (10 - s % 10) % 10 = substr(t,13,1)::int; END $$;
CREATE TABLE products (ean char(13) PRIMARY KEY CHECK (ops.ean_ok(ean)), name text NOT NULL, attrs jsonb NOT NULL CHECK (attrs ? 'color' AND jsonb_typeof(attrs -> 'weight') = 'number' AND (attrs ->> 'weight')::numeric > 0), price int4range CHECK (lower(price) >= 0 AND upper(price) > lower(price)));
CREATE TABLE stock (product char(13) NOT NULL REFERENCES products, office int NOT NULL REFERENCES offices, n int NOT NULL CHECK (n >= 0), reserved int NOT NULL, PRIMARY KEY (product, office), CHECK (reserved <= n AND reserved >= 0));
-- one row only, no columns to fill
CREATE TABLE settings ("only" boolean PRIMARY KEY DEFAULT true CHECK ("only"), version int NOT NULL);
CREATE TABLE only_id (id serial PRIMARY KEY);
CREATE TABLE nothing ();
CREATE UNLOGGED TABLE scratch (k text, v text, PRIMARY KEY (k) INCLUDE (v));
CREATE TABLE collated (name text COLLATE "C" NOT NULL, alt varchar(8) NOT NULL, UNIQUE (name), CHECK (name < 'n' COLLATE "C"));
CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE folded (name text COLLATE ci PRIMARY KEY, code varchar(3) NOT NULL UNIQUE);
