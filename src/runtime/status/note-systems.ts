/**
 * Stores information about a whole system from events: webhook deliveries, and periods in which it accepts no
 * calls.
 */
import type { HealthNotes } from '../../engine/intake/health.ts'
import type { DomainEvent } from '../../model/events.ts'

/** Creates the listener of one process. */
export function noteSystems(health: Pick<HealthNotes, 'system'>): (event: DomainEvent) => void {
  return (event) => {
    switch (event.type) {
      case 'WebhookAccepted':
        health.system({ system: event.system, heard: true })
        break
      case 'SystemPaused':
        health.system({ system: event.system, paused: { until: event.untilMs, code: event.reason } })
        break
      case 'SystemResumed':
        health.system({ system: event.system })
        break
    }
  }
}
