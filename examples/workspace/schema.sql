-- Teams that work on documents; an audit log without foreign keys.
CREATE TABLE teams (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, plan VARCHAR(10) NOT NULL);
CREATE TABLE members (id INTEGER NOT NULL PRIMARY KEY, team_id INTEGER NOT NULL, username VARCHAR(40) NOT NULL UNIQUE, joined_at TIMESTAMP NOT NULL,
    FOREIGN KEY (team_id) REFERENCES teams (id));
CREATE TABLE documents (id INTEGER NOT NULL PRIMARY KEY, team_id INTEGER NOT NULL, title VARCHAR(120) NOT NULL, body VARCHAR(1000),
    FOREIGN KEY (team_id) REFERENCES teams (id));
CREATE TABLE audit_log (id INTEGER NOT NULL PRIMARY KEY, actor_ref INTEGER NOT NULL, subject_type VARCHAR(20) NOT NULL, subject_id INTEGER NOT NULL,
    action VARCHAR(20) NOT NULL, logged_at TIMESTAMP NOT NULL);
