/** Sends documents to the single endpoint of a GraphQL API, and distinguishes results from errors. */
import type { ApiClient } from '../../http/client.ts'
import { AuthenticationError, HttpStatusError, RateLimitedError } from '../../http/errors.ts'
import type { SystemTiming } from '../../model/integration.ts'
import { writeOptions } from '../kit/call-options.ts'
import type { CallContext } from '../kit/contract.ts'
import { isNativeRecord } from '../kit/native.ts'
import { serverTimeOf } from '../kit/times.ts'
import { unusable } from '../kit/unusable.ts'
import { CostBudget } from './cost-budget.ts'
import { aliased, type GraphqlDocument } from './documents.ts'
import type { ErrorsManifest, Manifest } from './manifests/manifest.ts'
import { type AskedFor, errorOf, type GraphqlProblem, hasProblems, problemsOf } from './response-errors.ts'

/** Values of a document's variables. */
export type Variables = Readonly<Record<string, unknown>>

/** One request. */
export interface GraphqlRequest {
  readonly document: GraphqlDocument
  readonly variables: Variables
  readonly rules: ErrorsManifest
  readonly context: CallContext
}

/** Several requests of one document in one call. */
export interface AliasedRequest extends Omit<GraphqlRequest, 'variables'> {
  readonly variables: readonly Variables[]
}

/** A response with data, and the errors of its parts. */
export interface GraphqlResponse {
  readonly data: Readonly<Record<string, unknown>>
  readonly problems: readonly GraphqlProblem[]
  /** Header `date` minus the duration of the request: epoch ms. */
  readonly serverNowMs: number | undefined
}

/** Dependencies of the client. */
export interface GraphqlClientOptions {
  readonly api: ApiClient
  readonly manifest: Manifest
  readonly timing: SystemTiming
  readonly clock: { now(): number; monotonic(): number }
  /** Share of the points that is reserved for manual calls. */
  readonly reserve: number
}

interface Sending extends AskedFor {
  readonly text: string
  readonly variables: Variables
  readonly label: string
}

/** The fields that a document asks for, and their depth in the response. */
export function askedBy({ operation, records }: GraphqlDocument): AskedFor {
  const isMutation = operation.operation === 'mutation'
  return isMutation ? { kind: 'mutation', depth: 1 } : { kind: 'query', depth: records?.length ?? 1 }
}

const accept = 'application/graphql-response+json, application/json;q=0.9'

/** The client of one system. */
export class GraphqlClient {
  readonly #options: GraphqlClientOptions
  readonly #aliased = new WeakMap<GraphqlDocument, Map<number, string>>()
  /** Points left, as the API reports. */
  readonly budget: CostBudget

  constructor(options: GraphqlClientOptions) {
    this.#options = options
    this.budget = new CostBudget(options.manifest.cost, options.clock)
  }

  /**
   * Sends one document. @throws IsthmusError CONNECTOR_RESPONSE_ERRORS, and the client's errors when there is
   * no data
   */
  send({ document, variables, rules, context }: GraphqlRequest): Promise<GraphqlResponse> {
    const asked = askedBy(document)
    const label = `The ${asked.kind} ${document.root}`
    const declared = Object.entries(variables).filter(([name]) => document.variables.has(name))
    return this.#exchange(
      { text: document.text, variables: Object.fromEntries(declared), label, ...asked },
      rules,
      context,
    )
  }

  /** Sends one document several times in one request; each response is below its alias, see `aliasOf`. */
  sendMany({ document, variables, rules, context }: AliasedRequest): Promise<GraphqlResponse> {
    const asked = askedBy(document)
    const numbered = variables.flatMap((one, index) =>
      Object.entries(one)
        .filter(([name]) => document.variables.has(name))
        .map(([name, value]) => [`${name}_${index}`, value] as const),
    )
    const text = this.#textOf(document, variables.length)
    const label = `The ${asked.kind} ${document.root}, ${variables.length} times`
    return this.#exchange({ text, variables: Object.fromEntries(numbered), label, ...asked }, rules, context)
  }

  #textOf(document: GraphqlDocument, count: number): string {
    const texts = this.#aliased.get(document) ?? new Map<number, string>()
    this.#aliased.set(document, texts)
    const text = texts.get(count) ?? aliased(document, count)
    texts.set(count, text)
    return text
  }

  async #exchange(sending: Sending, rules: ErrorsManifest, context: CallContext): Promise<GraphqlResponse> {
    const { clock, timing, reserve } = this.#options
    const timeoutMs = sending.kind === 'query' ? timing.readTimeoutMs : timing.writeTimeoutMs
    const startedAt = clock.monotonic()
    const done = await this.budget.take({
      document: sending.text,
      signal: context.signal,
      deadlineAt: Math.min(startedAt + timeoutMs, context.startBefore ?? Number.POSITIVE_INFINITY),
      reserve: context.priority === 'hand' ? 0 : reserve,
      label: sending.label,
    })
    try {
      const waitedMs = clock.monotonic() - startedAt
      return await this.#post(sending, rules, {
        context,
        totalMs: Math.max(1, Math.ceil(timeoutMs - waitedMs)),
      })
    } finally {
      done()
    }
  }

  async #post(
    sending: Sending,
    rules: ErrorsManifest,
    { context, totalMs }: { readonly context: CallContext; readonly totalMs: number },
  ): Promise<GraphqlResponse> {
    const { api, manifest, clock } = this.#options
    const sentAt = clock.monotonic()
    try {
      const response = await api.send('POST', manifest.path, {
        json: { query: sending.text, variables: sending.variables },
        headers: { accept },
        ...writeOptions(context),
        totalMs,
        // The engine decides everything after a mutation, since it knows what was written before.
        ...(sending.kind === 'query' ? { readOnly: true } : { retries: 0 }),
      })
      const tookMs = clock.monotonic() - sentAt
      return this.#understood(sending, response.data, rules, { date: response.headers.date, tookMs })
    } catch (error) {
      if (!(error instanceof HttpStatusError) || !hasProblems(error.body)) throw error
      const reported = this.#errorOf(sending, error.body, rules)
      // From a failing server, only errors count that say that it did not even begin.
      throw error.status < 500 ||
        reported instanceof RateLimitedError ||
        reported instanceof AuthenticationError
        ? reported
        : error
    }
  }

  #understood(
    sending: Sending,
    body: unknown,
    rules: ErrorsManifest,
    { date, tookMs }: { readonly date: string | undefined; readonly tookMs: number },
  ): GraphqlResponse {
    this.budget.learn(sending.text, body)
    if (!isNativeRecord(body)) throw unusable('it is not a GraphQL result')
    const { data } = body
    if (!isNativeRecord(data)) {
      if (hasProblems(body)) throw this.#errorOf(sending, body, rules)
      throw unusable('it has neither data nor errors')
    }
    const problems = problemsOf(body, rules.code)
    const serverTime = serverTimeOf(date)
    // The field has whole seconds and was written when the response was ready; the records were read before
    // that.
    const serverNowMs = serverTime === undefined ? undefined : serverTime - Math.ceil(tookMs)
    return { data, problems, serverNowMs }
  }

  #errorOf(sending: Sending, body: unknown, rules: ErrorsManifest): Error {
    const problems = problemsOf(body, rules.code)
    const ran = isNativeRecord(body) && 'data' in body
    return this.failure(problems, ran, {
      rules,
      label: sending.label,
      text: sending.text,
      asked: sending,
      sent: sending.variables,
    })
  }

  /** Creates the error of problems that leave no result; throttling delays all requests. */
  failure(
    problems: readonly GraphqlProblem[],
    ran: boolean,
    {
      rules,
      label,
      text,
      asked,
      sent,
    }: {
      readonly rules: ErrorsManifest
      readonly label: string
      readonly text: string
      readonly asked: AskedFor
      /** Variables of the request: their values are not quoted. @default none */
      readonly sent?: unknown
    },
  ): Error {
    const isThrottled = problems.some(({ code }) => code !== undefined && throttles(code, rules))
    const throttledMs = isThrottled ? this.budget.throttled(text) : undefined
    return errorOf(problems, ran, { rules, label, throttledMs, asked, sent })
  }
}

function throttles(code: string, rules: ErrorsManifest): boolean {
  return code === 'THROTTLED' || code === 'RATE_LIMITED' || rules.throttled.includes(code)
}
