SELECT id FROM accounts WHERE number NOT LIKE 'DE__________________' OR currency <> 'EUR';
SELECT a.id FROM accounts a JOIN bookings b ON b.account_id = a.id GROUP BY a.id, a.balance HAVING abs(a.balance - sum(b.amount)) > 0.001;
SELECT a.id FROM accounts a JOIN owners o ON o.id = a.owner_id WHERE a.owner_name <> o.full_name;
SELECT 1 FROM (SELECT avg(CASE WHEN amount <= 0 THEN 1.0 ELSE 0.0 END) AS share FROM bookings) t WHERE share NOT BETWEEN 0.6 AND 0.8;
