-- The library and the file.
select sqlite_version() as version, (select journal_mode from pragma_journal_mode) as journal_mode,
       (select encoding from pragma_encoding) as encoding, (select page_size from pragma_page_size) as page_size,
       (select auto_vacuum from pragma_auto_vacuum) as auto_vacuum,
       (select user_version from pragma_user_version) as user_version,
       (select application_id from pragma_application_id) as application_id
