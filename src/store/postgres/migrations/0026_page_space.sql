-- Rows became much smaller with the third format of documents: less of a page has to be free for its updates to stay on it.
alter table record set (fillfactor = 85);
alter table member set (fillfactor = 85);
