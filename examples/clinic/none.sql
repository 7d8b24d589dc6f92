SELECT 1 FROM (SELECT count(*) AS n FROM departments) t WHERE n <> 3;
SELECT id FROM visits WHERE department_id NOT IN (1, 2, 3);
SELECT 1 FROM (SELECT count(*) AS n FROM visits) t WHERE n <> 300;
SELECT visit_id FROM measurements GROUP BY visit_id HAVING count(*) <> 3;
SELECT 1 FROM (SELECT avg(systolic) AS mean FROM measurements) t WHERE mean NOT BETWEEN 120 AND 136;
SELECT 1 FROM (SELECT avg(CASE WHEN note IS NULL THEN 1.0 ELSE 0.0 END) AS share FROM measurements) t WHERE share NOT BETWEEN 0.85 AND 0.95;
