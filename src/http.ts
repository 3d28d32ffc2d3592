/** The API client framework: `isthmus/http`. */

import './model/required-node.ts'

export type { QueryValue } from './http/address.ts'
export type { ApiResponse } from './http/api-response.ts'
export type { Authenticator, Credential } from './http/auth/authenticator.ts'
export { MemoryTokenStore } from './http/auth/memory-token-store.ts'
export type {
  AuthOptions,
  OAuth2ClientCredentialsOptions,
  OAuth2JwtBearerOptions,
  OAuth2RefreshTokenOptions,
  TokenEndpointOptions,
} from './http/auth/options.ts'
export type { AssertionAlgorithm } from './http/auth/private-key.ts'
export type { RequestToSign, SignRequest } from './http/auth/sign-requests.ts'
export { type CsvOptions, readCsv, readCsvRows, toCsv } from './http/bodies/csv.ts'
export { encodeForm, type FormFields, type FormValue } from './http/bodies/form.ts'
export type { MultipartPart } from './http/bodies/multipart.ts'
export {
  type EmbeddedResponse,
  encodeMixed,
  type MixedBody,
  type MixedPart,
  parseEmbeddedResponse,
  parseMixed,
} from './http/bodies/multipart-mixed.ts'
export { type NdjsonOptions, readNdjson, toNdjson } from './http/bodies/ndjson.ts'
export { decodeText } from './http/bodies/text-lines.ts'
export type { BreakerOptions } from './http/breaker/circuit.ts'
export type { CachedResponse, CacheStore } from './http/cache/cache-store.ts'
export { MemoryCacheStore } from './http/cache/memory-cache-store.ts'
export type {
  CacheMode,
  Call,
  HttpClock,
  Method,
  Phase,
  Priority,
  Progress,
  WireResponse,
} from './http/call.ts'
export type { CallLogEntry } from './http/call-log.ts'
export { ApiClient, type ExchangeStreamOptions, type StreamedExchange } from './http/client.ts'
export {
  AuthenticationError,
  HttpError,
  HttpStatusError,
  isHttpError,
  NetworkError,
  type Problem,
  RateLimitedError,
  ResponseValidationError,
} from './http/errors.ts'
export { createFetch, type FetchLike } from './http/fetch-adapter.ts'
export type { RateLimit } from './http/limits/gcra.ts'
export type { LimitUsage } from './http/limits/learnt-limits.ts'
export type { LimitReport, ParseLimits, ResponseHeaders } from './http/limits/limit-headers.ts'
export { MemoryBucketStore } from './http/limits/memory-bucket-store.ts'
export type { LimiterUsage, LimitOptions } from './http/limits/rate-limiter.ts'
export type { SharedLimits } from './http/limits/shared-buckets.ts'
export type { AllowedAddress } from './http/network/address-guard.ts'
export type { ClientCertificate } from './http/network/client-certificate.ts'
export type { ProxyCredentials, ProxyOptions } from './http/network/proxy.ts'
export type {
  ApiClientOptions,
  CacheOptions,
  CallOptions,
  ResponseLimits,
  RetryOptions,
  StreamOptions,
  Timeouts,
  TypedCallOptions,
} from './http/options.ts'
export { type Link, parseLinkHeader } from './http/pagination/link-header.ts'
export {
  type BodyPath,
  cursor,
  linkHeader,
  nextAddress,
  type ODataPages,
  odata,
  offsetLimit,
  type PagePlace,
  type PageSoFar,
  type Pagination,
  pageNumber,
  salesforceQuery,
} from './http/pagination/paginate.ts'
export type { CheckedItemsOptions, ItemsOptions, Page, PagesOptions } from './http/pagination/walk.ts'
export type { BeforeRequest, RequestChanges, RequestSeen } from './http/request-hook.ts'
export type { PathStep, SchemaIssue, SchemaResult, StandardSchema } from './http/standard-schema.ts'
export type { Stop, StopListener } from './http/stop.ts'
export type { ByteSource, StreamBody } from './http/stream-body.ts'
export type { ProgressListener, TransferProgress } from './http/transfer-progress.ts'
export type {
  BodyOption,
  HeaderOption,
  JsonOf,
  OperationAt,
  OperationMethod,
  OperationOptions,
  OptionOf,
  OptionsArgument,
  ParametersIn,
  PathsOf,
  SuccessOf,
  SuccessStatus,
} from './http/typed/operation.ts'
export { createTypedClient, type TypedCall, type TypedClient } from './http/typed/typed-client.ts'
export type { Bucket, BucketGrant, BucketStore } from './model/bucket-store.ts'
export type { ErrorCode } from './model/error-codes.ts'
export {
  IsthmusError,
  type IsthmusErrorOptions,
  isIsthmusError,
  type Outcome,
  type Retry,
  UsageError,
} from './model/errors.ts'
export type { StoredToken, TokenStore } from './model/token-store.ts'
