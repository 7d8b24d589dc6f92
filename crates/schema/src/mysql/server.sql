-- The server, its flavour and the account.
select version() as version, database() as `database`, current_user() as account, @@version_comment as version_comment
