SELECT id FROM customers WHERE country NOT IN ('DE', 'FR', 'PT');
SELECT 1 FROM (SELECT count(*) AS n FROM orders) t WHERE n <> 496;
SELECT order_id FROM order_lines GROUP BY order_id HAVING count(*) > 6;
SELECT o.id FROM orders o JOIN order_lines l ON l.order_id = o.id GROUP BY o.id, o.total, o.line_count
    HAVING abs(o.total - sum(l.quantity * l.unit_price)) > 0.001 OR o.line_count <> count(*);
SELECT id FROM products WHERE sku NOT LIKE 'SKU-______' OR unit_price NOT BETWEEN 1 AND 500;
