-- A second wall between projects: a role that may read one project with SQL sees no row of another. The owner of the tables,
-- as which Toldonce itself comes, is not bound by policies.

CREATE TABLE sql_reader (
    role    text NOT NULL,
    project text NOT NULL,
    PRIMARY KEY (role, project)
);

DO $$
DECLARE
    place text;
    own CONSTANT text := '(SELECT r.project FROM sql_reader AS r WHERE r.role = current_user)';
    owned CONSTANT text := '(SELECT 1 FROM owner AS o WHERE o.id = %s)';
BEGIN
    -- All tables, so that a grant that is too wide shows nothing either.
    FOR place IN
        SELECT oid::regclass FROM pg_class
        WHERE relkind = 'r' AND relname <> 'toldonce_schema'
          AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'memory'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', place);
    END LOOP;

    CREATE POLICY of_project ON sql_reader FOR SELECT USING (role = current_user);
    EXECUTE 'CREATE POLICY of_project ON project FOR SELECT USING (id IN ' || own || ')';
    FOREACH place IN ARRAY ARRAY['owner', 'membership', 'call', 'feedback'] LOOP
        EXECUTE format('CREATE POLICY of_project ON %s FOR SELECT USING (project IN %s)', place, own);
    END LOOP;
    -- What is seen through another table is seen as far as that table is.
    FOREACH place IN ARRAY ARRAY['conversation', 'memory', 'locator'] LOOP
        EXECUTE format('CREATE POLICY of_project ON %s FOR SELECT USING (EXISTS ' || owned || ')', place, place || '.owner_id');
    END LOOP;
    FOREACH place IN ARRAY ARRAY['source', 'operation', 'change'] LOOP
        EXECUTE format('CREATE POLICY of_project ON %s FOR SELECT USING (EXISTS ' || owned || ')', place, place || '.memory_id >> 24');
    END LOOP;
    -- Those that a rebuild makes take the places of the others.
    FOREACH place IN ARRAY ARRAY['token', 'embedding', 'unembedded', 'rebuilt_token', 'rebuilt_embedding'] LOOP
        EXECUTE format('CREATE POLICY of_project ON %s FOR SELECT USING (EXISTS ' || owned || ')', place, place || '.version_id >> 24');
    END LOOP;
    EXECUTE format('CREATE POLICY of_project ON memory_version FOR SELECT USING (EXISTS ' || owned || ')', 'memory_version.id >> 24');
    CREATE POLICY of_project ON message FOR SELECT
        USING (EXISTS (SELECT 1 FROM conversation AS c WHERE c.id = message.conversation_id));
    CREATE POLICY of_project ON event FOR SELECT
        USING (EXISTS (SELECT 1 FROM operation AS p WHERE p.event_uid = event.uid));
END $$;

CREATE FUNCTION toldonce_let_read(role text, project text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'GRANT SELECT ON sql_reader, project, owner, membership, call, feedback, conversation, message, memory, memory_version, locator, source, '
        'operation, event, change, token, embedding, unembedded, rebuilt_token, rebuilt_embedding TO %I', role);
    INSERT INTO sql_reader VALUES (role, project) ON CONFLICT DO NOTHING;
END $$;
REVOKE EXECUTE ON FUNCTION toldonce_let_read FROM PUBLIC;
