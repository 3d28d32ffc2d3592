/** The API client framework: `isthmus/http`. */
export type { Authenticator, Credential } from './http/auth/authenticator.ts'
export type { AuthOptions, OAuth2ClientCredentialsOptions } from './http/auth/options.ts'
export type { Call, HttpClock, Method, Phase, Priority, Progress } from './http/call.ts'
export type { CallLogEntry } from './http/call-log.ts'
export { type Answer, ApiClient } from './http/client.ts'
export {
  AuthenticationError,
  HttpError,
  HttpStatusError,
  isHttpError,
  NetworkError,
  type Problem,
  RateLimitedError,
  RequestError,
  ResponseValidationError,
  TimeoutError,
} from './http/errors.ts'
export type { RateLimit } from './http/limits/gcra.ts'
export type { LimiterUsage, LimitOptions } from './http/limits/rate-limiter.ts'
export type {
  ApiClientOptions,
  CallOptions,
  QueryValue,
  ResponseLimits,
  RetryOptions,
  Timeouts,
  TypedCallOptions,
} from './http/options.ts'
export type { SchemaIssue, SchemaResult, StandardSchema } from './http/standard-schema.ts'
export { IsthmusError, isIsthmusError, type Outcome, type Retry, UsageError } from './model/errors.ts'
