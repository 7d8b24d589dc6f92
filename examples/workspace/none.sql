SELECT id FROM audit_log WHERE actor_ref NOT IN (SELECT id FROM members);
SELECT id FROM audit_log WHERE subject_type = 'Document' AND subject_id NOT IN (SELECT id FROM documents);
SELECT id FROM audit_log WHERE subject_type = 'Team' AND subject_id NOT IN (SELECT id FROM teams);
SELECT id FROM audit_log WHERE action NOT IN ('view', 'edit', 'share') OR subject_type NOT IN ('Document', 'Team');
SELECT 1 FROM (SELECT count(*) AS n FROM members) t WHERE n <> 120;
