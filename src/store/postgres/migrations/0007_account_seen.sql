-- Which account a system answered with last: what a person accepts when it is another one than before.
alter table fingerprint add column seen text;
