/** Settings of the server: TLS, the proxy in front, and the address that people use. */
import { createSecureContext } from 'node:tls'

/** How the server is reached beyond this machine. */
export interface ServerSettings {
  /**
   * `ISTHMUS_TLS_CERT` and `ISTHMUS_TLS_KEY`: certificate chain and private key, in PEM; usually given by files. Secret,
   * non-enumerable. @default plain HTTP
   */
  readonly tls?: {
    /** The certificate, followed by the intermediate ones. */
    readonly certificate: string
    /** Its private key. */
    readonly key: string
  }
  /** `ISTHMUS_TRUSTED_PROXY`: addresses or networks of the proxies that terminate TLS. @default none */
  readonly trustedProxy?: readonly string[]
  /** `ISTHMUS_PUBLIC_URL`: address under which people reach the server. @default the one it listens on */
  readonly publicUrl?: string
}

/** What reads a variable, and where problems are collected. */
export interface SettingsReader {
  readonly text: (name: string) => string | undefined
  readonly problems: string[]
}

/** Reads the settings; problems are named by variable, never by value. */
export function readServerSettings(reader: SettingsReader): ServerSettings {
  const tls = tlsOf(reader)
  const trustedProxy = listOf(reader.text('ISTHMUS_TRUSTED_PROXY'))
  const publicUrl = publicUrlOf(reader)
  for (const entry of trustedProxy ?? [])
    if (!/^[0-9A-Fa-f.:]+(?:\/\d{1,3})?$/.test(entry))
      reader.problems.push('ISTHMUS_TRUSTED_PROXY is not a list of addresses or networks such as 10.0.0.0/8')
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(trustedProxy === undefined ? {} : { trustedProxy }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
  }
}

/** Reads a list that is separated by commas. */
export function listOf(text: string | undefined): readonly string[] | undefined {
  const entries = (text ?? '').split(',').map((entry) => entry.trim())
  const named = entries.filter((entry) => entry !== '')
  return named.length === 0 ? undefined : named
}

function tlsOf({ text, problems }: SettingsReader): ServerSettings['tls'] {
  const certificate = text('ISTHMUS_TLS_CERT')
  const key = text('ISTHMUS_TLS_KEY')
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined) {
    problems.push('ISTHMUS_TLS_CERT and ISTHMUS_TLS_KEY are needed together')
    return undefined
  }
  try {
    createSecureContext({ cert: certificate, key })
    return { certificate, key }
  } catch {
    problems.push('ISTHMUS_TLS_CERT and ISTHMUS_TLS_KEY are not a certificate in PEM and its private key')
    return undefined
  }
}

function publicUrlOf({ text, problems }: SettingsReader): string | undefined {
  const value = text('ISTHMUS_PUBLIC_URL')
  if (value === undefined) return undefined
  const url = URL.parse(value)
  const isOrigin =
    url !== null && ['http:', 'https:'].includes(url.protocol) && value.replace(/\/$/, '') === url.origin
  if (isOrigin) return url.origin
  problems.push('ISTHMUS_PUBLIC_URL is not an address such as https://sync.example.com, without a path')
  return undefined
}
