-- The oldest deliveries are found in any order of the table: once rows were removed, new ones go between old ones, and a summary of blocks finds nothing.
drop index delivery_received;
create index delivery_received on delivery (received_at);
