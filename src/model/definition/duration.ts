/** Lengths of time as text: `500ms`, `30s`, `5m`, `2h`, `7d`. */

export const durationPattern = /^(\d{1,9})\s*(ms|s|m|h|d)$/
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a duration text, or undefined when it isn't one. */
export function durationMs(text: string): number | undefined {
  const match = durationPattern.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN)
}
