-- Lanes whose calls failed: when their system is back, their records are made due without a scan of all members.
create index member_failing on member (system) where lane_attempts > 0;
