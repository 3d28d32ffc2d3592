-- The identity provider and the mapping of roles that a person signed in with: under another one, the session is not valid.
alter table session add column policy text;
