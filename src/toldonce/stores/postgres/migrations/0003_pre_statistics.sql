-- The planner's statistics keep values of columns, and outlive the rows: none of words, names, ids or vectors.
DO $$
DECLARE
    place record;
BEGIN
    FOR place IN
        SELECT c.oid::regclass AS name, a.attname AS part
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
          AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'memory'::regclass)
          AND a.atttypid IN ('text'::regtype, 'bytea'::regtype, 'vector'::regtype)
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 0', place.name, place.part);
    END LOOP;
END $$;
