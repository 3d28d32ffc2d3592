/**
 * Reports the limits of each system, and how long an initial load takes within them. Sends at most one call
 * per system.
 */
import type { ConnectedSystem } from '../../connectors/kit/contract.ts'
import type { SystemUsage } from '../../connectors/kit/description.ts'
import type { Integration } from '../../model/integration.ts'
import { allowanceOf, type KnownAllowance } from '../quota/allowance.ts'
import { callsOfLoad, durationText, forecastCalls } from '../quota/forecast.ts'
import type { CheckRow } from './check-row.ts'

export interface QuotaCheck {
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  /** Number of records of each entity for the forecast. */
  readonly records: number
  readonly now: number
  readonly signal: AbortSignal
}

const askWithinMs = 30_000
/** Returns one row per system with reported or configured limits; systems without any are omitted. */
export async function checkQuotas(check: QuotaCheck): Promise<CheckRow[]> {
  const rows: CheckRow[] = []
  for (const [name, system] of check.systems) {
    const settings = check.integration.systems.get(name)
    if (settings === undefined) continue
    const allowance = allowanceOf(settings, await askQuotas(system, check.signal))
    if (allowance.rates.length + allowance.quotas.length > 0) rows.push(rowOf(check, system, allowance))
  }
  return rows
}

async function askQuotas(system: ConnectedSystem, signal: AbortSignal): Promise<readonly SystemUsage[]> {
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(askWithinMs)])
    const response = await system.usage?.({ signal: bounded, priority: 'hand' })
    return response?.kind === 'known' ? response.quotas : []
  } catch {
    // Quotas are informational; if the system does not respond, another row reports it.
    return []
  }
}

const quotasShownMax = 5

function rowOf(
  { integration, records, now }: QuotaCheck,
  system: ConnectedSystem,
  allowance: KnownAllowance,
): CheckRow {
  const quotas = quotasOfCalls(allowance.quotas)
  const remainders = quotas
    .slice(0, quotasShownMax)
    .map(({ name, limit, remaining }) => `${name}: ${count(remaining)} of ${count(limit)} left`)
  const reserve =
    allowance.reserve > 0 ? [`${Math.round(allowance.reserve * 100)} % reserved for others`] : []
  const bounds = [...allowance.rates.map(({ name }) => name), ...remainders, ...reserve].join(', ')
  const calls = [...integration.entities.values()].reduce((sum, { systems }) => {
    const part = systems.get(system.name)
    return part === undefined ? sum : sum + callsOfLoad(records, system.resource(part.resource).capabilities)
  }, 0)
  const { durationMs, bound } = forecastCalls(calls, { ...allowance, quotas }, now)
  const time =
    durationMs === 0
      ? 'is not limited by this'
      : `takes at least ${durationText(durationMs)} (${bound ?? ''})`
  const message = `${bounds}; an initial load of ${count(records)} records of each entity, ${count(calls)} calls at most, ${time}`
  return { level: 'ok', area: 'quota', subject: system.name, message }
}

/** Selects quotas that calls use up; a system may also report quotas for storage, reports and so on. */
function quotasOfCalls(quotas: readonly SystemUsage[]): readonly SystemUsage[] {
  const ofCalls = quotas.filter(({ name }) =>
    /(^|[^a-z])api[-_ ]?(request|call)|^DailyApiRequests$/i.test(name),
  )
  if (ofCalls.length > 0) return ofCalls
  return quotas.length <= quotasShownMax ? quotas : []
}

function count(value: number): string {
  return value.toLocaleString('en')
}
