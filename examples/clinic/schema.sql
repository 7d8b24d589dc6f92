-- A clinic: fixed departments, patients, visits, measurements.
CREATE TABLE departments (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE);
CREATE TABLE patients (id INTEGER NOT NULL PRIMARY KEY, first_name VARCHAR(40) NOT NULL, last_name VARCHAR(40) NOT NULL, born_on DATE NOT NULL,
    blood_group VARCHAR(3) NOT NULL);
CREATE TABLE visits (id INTEGER NOT NULL PRIMARY KEY, patient_id INTEGER NOT NULL, department_id INTEGER NOT NULL, admitted_at TIMESTAMP NOT NULL,
    discharged_at TIMESTAMP, CHECK (discharged_at >= admitted_at), FOREIGN KEY (patient_id) REFERENCES patients (id),
    FOREIGN KEY (department_id) REFERENCES departments (id));
CREATE TABLE measurements (id INTEGER NOT NULL PRIMARY KEY, visit_id INTEGER NOT NULL, systolic INTEGER NOT NULL, diastolic INTEGER NOT NULL,
    note VARCHAR(200), CHECK (diastolic < systolic), FOREIGN KEY (visit_id) REFERENCES visits (id));
