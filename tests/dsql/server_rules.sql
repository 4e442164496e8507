-- What a statement's text does not show: the rows that a transaction changes, and the jobs of the service.
CREATE SCHEMA sys;
CREATE SCHEMA standin;
GRANT USAGE ON SCHEMA sys, standin TO PUBLIC;

CREATE TABLE standin.jobs (
    job_id text PRIMARY KEY, failure text, job_type text NOT NULL, object_name text, start_time timestamptz NOT NULL
);
GRANT SELECT, INSERT ON standin.jobs TO PUBLIC;
-- A job is visible before it has ended, so that a client has to wait for it.
CREATE VIEW sys.jobs AS
SELECT job_id,
       CASE WHEN clock_timestamp() < start_time + interval '60 ms' THEN 'processing'
            WHEN failure IS NULL THEN 'completed' ELSE 'failed' END AS status,
       failure AS details, job_type, 1259::oid AS class_id, NULL::oid AS object_id, object_name, start_time,
       start_time AS update_time
FROM standin.jobs;
GRANT SELECT ON sys.jobs TO PUBLIC;

CREATE FUNCTION standin.refuse(sqlstate text, message text, VARIADIC parameters text[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = sqlstate, MESSAGE = message;
END $$;

CREATE FUNCTION standin.start_job(statement text, job_type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    job text := substr(translate(encode(sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 'hex'), '0189', 'wxyz'), 1, 26);
    failure text;
BEGIN
    BEGIN
        EXECUTE statement;
    EXCEPTION WHEN unique_violation OR check_violation OR foreign_key_violation OR not_null_violation THEN
        failure := SQLERRM;
    END;
    INSERT INTO standin.jobs VALUES (job, failure, job_type, NULL, clock_timestamp());
    RETURN job;
END $$;

CREATE FUNCTION standin.count_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    changed int := coalesce(nullif(current_setting('standin.changed_rows', true), ''), '0')::int + 1;
BEGIN
    IF changed > 3000 THEN
        RAISE EXCEPTION USING ERRCODE = '54000', MESSAGE = 'transaction row limit exceeded';
    END IF;
    PERFORM set_config('standin.changed_rows', changed::text, true);
    RETURN NULL;
END $$;

CREATE FUNCTION standin.watch_table() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    command record;
BEGIN
    FOR command IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE command_tag = 'CREATE TABLE' LOOP
        EXECUTE format(
            'CREATE TRIGGER standin_rows AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW '
            'EXECUTE FUNCTION standin.count_row()', command.objid::regclass);
    END LOOP;
END $$;
CREATE EVENT TRIGGER standin_tables ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
EXECUTE FUNCTION standin.watch_table();
