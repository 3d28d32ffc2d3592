import type { Session } from '../database.ts'

/** Notifies the listeners of all processes. */
export async function sendWake(session: Session, channel: string, sender: string): Promise<void> {
  await session.rows(statement, [channel, sender])
}

const statement = { name: 'send-wake', text: `select pg_notify($1, $2)` }
