/**
 * Forecasts how long the queue takes at the limits of the definition, for `isthmus status`, without calling a
 * system.
 */
import type { Integration } from '../../model/integration.ts'
import { allowanceOf } from './allowance.ts'
import { durationText, type Forecast, forecastCalls } from './forecast.ts'

/** A read and a write for each record. */
const callsPerRecord = 2
/** Shorter durations are not shown. */
const minReportedMs = 60_000

/** The system that delays the queue most. */
export interface QueueForecast extends Forecast {
  readonly system: string
  /** In words. */
  readonly duration: string
}

/** Returns undefined if no limit is set, or the queue takes less than a minute. `now` is epoch ms. */
export function forecastQueue(
  { systems }: Integration,
  records: number,
  now: number,
): QueueForecast | undefined {
  const forecasts = [...systems.values()].map((settings) => ({
    system: settings.name,
    ...forecastCalls(records * callsPerRecord, allowanceOf(settings, []), now),
  }))
  const [slowest] = forecasts.sort((a, b) => b.durationMs - a.durationMs)
  if (slowest === undefined || slowest.durationMs < minReportedMs) return undefined
  return { ...slowest, duration: durationText(slowest.durationMs) }
}
