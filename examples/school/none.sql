SELECT 1 FROM (SELECT count(*) AS n FROM terms WHERE name IN ('spring', 'autumn')) t WHERE n <> 2;
SELECT 1 FROM (SELECT count(*) AS n FROM enrolments) t WHERE n <> 800;
SELECT id FROM courses WHERE credits NOT IN (3, 6, 12) OR code NOT LIKE '______';
SELECT 1 FROM (SELECT avg(mark) AS mean FROM enrolments) t WHERE mean NOT BETWEEN 50 AND 64;
