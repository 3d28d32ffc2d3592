/**
 * Messages of SAP services that accompany a response: the header `sap-message` (V2, one message with details,
 * `severity` in words) and `sap-messages` (V4, a list, `numericSeverity` 1 success to 4 error). An error
 * message may accompany a success status: the service then stopped halfway, and a read shows what it did.
 */
import { parseJson } from '../../../../http/json.ts'
import type { CallFailure } from '../../contract.ts'
import { isNativeRecord, textAt } from '../../native.ts'
import { quotedWords } from '../../quoted-words.ts'

type Severity = 'error' | 'warning' | 'other'

interface ServiceMessage {
  readonly severity: Severity
  readonly code?: string
  readonly words?: string
}

type Headers = Readonly<Record<string, string>>

const charactersMax = 100_000
const messagesMax = 50

/**
 * An error that a response with a status of success reports, in its headers or in its body; undefined when it
 * reports none.
 */
export function reportedProblem(headers: Headers, data: unknown, sent: unknown): CallFailure | undefined {
  const message = messagesOf(headers).find(({ severity }) => severity === 'error') ?? errorIn(data)
  if (message === undefined) return undefined
  const words = quotedWords(message.words, sent)
  const code = message.code === undefined ? '' : ` The system says: ${message.code}.`
  return {
    code: 'CONNECTOR_REPORTED_ERROR',
    message: `The service responded with success and reported an error.${code}${words === undefined ? '' : ` In its own words: ${words}`}`,
    scope: 'record',
    answered: true,
  }
}

/** Returns whether a response contains a warning. */
export function hasWarning(headers: Headers): boolean {
  return messagesOf(headers).some(({ severity }) => severity === 'warning')
}

function messagesOf(headers: Headers): readonly ServiceMessage[] {
  const text = headers['sap-message'] ?? headers['sap-messages']
  if (text === undefined || text.length > charactersMax) return []
  const parsed = parseJson(text, { maxDepth: 16, numbers: 'double' })
  if (!parsed.ok) return []
  const listed: readonly unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value]
  const details = listed.flatMap((one) =>
    isNativeRecord(one) && Array.isArray(one.details) ? one.details : [],
  )
  return [...listed, ...details].slice(0, messagesMax).map(messageOf)
}

function messageOf(value: unknown): ServiceMessage {
  const severity = textAt(value, ['severity']) ?? textAt(value, ['numericSeverity'])
  const code = textAt(value, ['code'])
  const words = textAt(value, ['message', 'value']) ?? textAt(value, ['message'])
  const token = code !== undefined && /^[\w./:~-]{1,80}$/.test(code) ? code : undefined
  return {
    severity: severityOf(severity),
    ...(token === undefined ? {} : { code: token }),
    ...(words === undefined ? {} : { words }),
  }
}

function severityOf(text: string | undefined): Severity {
  if (text === 'error' || text === 'abort' || text === '4') return 'error'
  return text === 'warning' || text === '3' ? 'warning' : 'other'
}

function errorIn(data: unknown): ServiceMessage | undefined {
  if (!isNativeRecord(data) || !isNativeRecord(data.error)) return undefined
  return { ...messageOf(data.error), severity: 'error' }
}
