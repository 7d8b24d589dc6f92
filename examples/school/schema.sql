-- A school: courses, students, enrolments, and marks.
CREATE TABLE terms (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, begins_on DATE NOT NULL, ends_on DATE NOT NULL,
    CHECK (ends_on > begins_on));
CREATE TABLE students (id INTEGER NOT NULL PRIMARY KEY, first_name VARCHAR(40) NOT NULL, last_name VARCHAR(40) NOT NULL, email VARCHAR(120) NOT NULL UNIQUE);
CREATE TABLE courses (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(8) NOT NULL UNIQUE, title VARCHAR(80) NOT NULL, credits INTEGER NOT NULL CHECK (credits BETWEEN 1 AND 12));
CREATE TABLE enrolments (student_id INTEGER NOT NULL, course_id INTEGER NOT NULL, term_id INTEGER NOT NULL, mark DECIMAL(4, 1),
    PRIMARY KEY (student_id, course_id, term_id), FOREIGN KEY (student_id) REFERENCES students (id), FOREIGN KEY (course_id) REFERENCES courses (id),
    FOREIGN KEY (term_id) REFERENCES terms (id));
