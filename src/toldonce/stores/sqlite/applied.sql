-- Writing what one call adds is one statement: an INSERT into the view "applied". SQLite has no stored procedures; a
-- trigger on a view is what comes nearest. These belong to a connection (TEMP) and not to the file, so they need no
-- migration. The lists are JSON arrays of arrays, of which bytes are in hexadecimal.

CREATE TEMP VIEW new_memory AS
SELECT NULL AS id, NULL AS uid, NULL AS text, NULL AS said_at, NULL AS role, NULL AS actor_id, NULL AS user_id,
       NULL AS agent_id, NULL AS app_id, NULL AS run_id, NULL AS session_id, NULL AS previous_id, NULL AS answers,
       NULL AS digest, NULL AS metadata, NULL AS expires_on, NULL AS sayings, NULL AS created_at, NULL AS tokens,
       NULL AS fact, NULL AS owner_id, NULL AS changed, NULL AS event, NULL AS at;

CREATE TEMP TRIGGER add_memory INSTEAD OF INSERT ON new_memory BEGIN
    INSERT INTO memory_version (id, memory_id, text, said_at, recorded_at)
    VALUES (NEW.id, NEW.id, NEW.text, NEW.said_at, NEW.at);
    INSERT INTO memory (id, owner_id, uid, version_id, changed, role, actor_id, user_id, agent_id, app_id, run_id,
                        session_id, previous_id, answers, digest, metadata, expires_on, said_at, sayings, created_at,
                        updated_at, fact)
    VALUES (NEW.id, NEW.owner_id, NEW.uid, NEW.id, NEW.changed, NEW.role, NEW.actor_id, NEW.user_id, NEW.agent_id,
            NEW.app_id, NEW.run_id, NEW.session_id, NEW.previous_id, NEW.answers, unhex(NEW.digest), NEW.metadata,
            NEW.expires_on, NEW.said_at, NEW.sayings, NEW.created_at, NEW.created_at, NEW.fact);
    INSERT INTO locator (uid, owner_id, memory_id) VALUES (NEW.uid, NEW.owner_id, NEW.id);
    INSERT INTO token (version_id, ids) VALUES (NEW.id, unhex(NEW.tokens));
    INSERT INTO unembedded (version_id, stamp) VALUES (NEW.id, NEW.changed);
    -- Without a row in event: when it was is known from the version.
    INSERT INTO operation (memory_id, place, event_uid, kind, old_version_id, new_version_id)
    VALUES (NEW.id, 0, NEW.event, 'ADD', NULL, NEW.id);
    INSERT INTO change (memory_id, place) VALUES (NEW.id, 0);
END;

CREATE TEMP VIEW applied AS
SELECT NULL AS conversation_id, NULL AS messages, NULL AS owner_id, NULL AS project, NULL AS changed, NULL AS event,
       NULL AS at, NULL AS memories, NULL AS repeated, NULL AS sources, NULL AS memberships, NULL AS next_place, NULL AS session_id, NULL AS last_said_at,
       NULL AS last_memory_id;

CREATE TEMP TRIGGER apply INSTEAD OF INSERT ON applied BEGIN
    INSERT INTO message (id, conversation_id, role, name, content, said_at, timed, recorded_at, digest, external_id,
                         agent_id, app_id, run_id)
    SELECT value ->> 0, NEW.conversation_id, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
           value ->> 6, unhex(value ->> 7), value ->> 8, value ->> 9, value ->> 10, value ->> 11
    FROM jsonb_each(NEW.messages);

    INSERT INTO new_memory
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
           value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14,
           value ->> 15, value ->> 16, value ->> 17, value ->> 18, value ->> 19, NEW.owner_id, NEW.changed, NEW.event, NEW.at
    FROM jsonb_each(NEW.memories);

    -- What was said again: id, version, sayings, said_at, run, earlier runs, tokens, fact.
    UPDATE memory
    SET changed = NEW.changed, sayings = r.value ->> 2, said_at = r.value ->> 3, run_id = r.value ->> 4,
        earlier_runs = r.value ->> 5, fact = r.value ->> 7
    FROM jsonb_each(NEW.repeated) AS r WHERE memory.id = r.value ->> 0;
    INSERT INTO token (version_id, ids) SELECT value ->> 1, unhex(value ->> 6) FROM jsonb_each(NEW.repeated) WHERE true
    ON CONFLICT (version_id) DO UPDATE SET ids = excluded.ids;

    -- Of both: [memory, message, kind] and [kind, entity, memory].
    INSERT OR IGNORE INTO source (memory_id, message_id, kind)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(NEW.sources);
    INSERT OR IGNORE INTO membership (project, kind, entity_id, owner_id, memory_id)
    SELECT NEW.project, value ->> 0, value ->> 1, NEW.owner_id, value ->> 2 FROM jsonb_each(NEW.memberships);

    UPDATE conversation
    SET next_place = NEW.next_place, session_id = NEW.session_id, last_said_at = NEW.last_said_at,
        last_memory_id = NEW.last_memory_id
    WHERE id = NEW.conversation_id AND NEW.next_place IS NOT NULL;
END;
