import type { Session } from '../database.ts'

/**
 * Makes the database allocate space: an emptied table gets a new file, and its rows new pages. A write into
 * existing space would succeed on a full disk.
 */
export async function probeWrites(session: Session): Promise<void> {
  await Promise.all([session.rows(limit, []), session.rows(empty, []), session.rows(fill, [])])
}

const limit = {
  name: 'probe-writes-limit',
  text: `select set_config('lock_timeout', '5000', true), set_config('statement_timeout', '10000', true)`,
}

const empty = { name: 'probe-writes-empty', text: `truncate write_probe` }

// Below the size at which a value is compressed or moved elsewhere, so that the rows fill pages of the table
// itself.
const fill = {
  name: 'probe-writes-fill',
  text: `insert into write_probe (filler) select decode(repeat('5a', 1900), 'hex') from generate_series(1, 32)`,
}
