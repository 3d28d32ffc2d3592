/**
 * Private keys that sign assertions. The key itself stays in a `KeyObject`, which reveals nothing when
 * printed.
 */
import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto'
import { UsageError } from '../../model/errors.ts'

/** Signature algorithms (RFC 7518, RFC 8037) that assertions may use. */
export type AssertionAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'EdDSA'

/** A key with the algorithm it is used with. */
export interface AssertionKey {
  readonly algorithm: AssertionAlgorithm
  readonly key: KeyObject
  /** The same key in the form that Web Crypto requires. */
  toCryptoKey(): webcrypto.CryptoKey
}

/**
 * Reads a private key in PEM (PKCS #8, PKCS #1 or SEC 1). @throws UsageError HTTP_OPTIONS_INVALID, whose
 * message quotes no part of the key
 */
export function parsePrivateKey(pem: string, wanted: AssertionAlgorithm | undefined): AssertionKey {
  const key = privateKeyOf(pem)
  const fitting = algorithmsOf(key)
  const algorithm = wanted ?? fitting[0]
  if (algorithm === undefined || !fitting.includes(algorithm)) {
    const fit =
      fitting.length === 0
        ? 'none: use RSA of 2048 bits or more, P-256, P-384 or Ed25519'
        : fitting.join(', ')
    throw new UsageError(
      'HTTP_OPTIONS_INVALID',
      `The auth option "privateKey" does not fit the algorithm; its algorithms are ${fit}.`,
    )
  }
  let cryptoKey: webcrypto.CryptoKey | undefined
  return {
    algorithm,
    key,
    toCryptoKey: () => {
      cryptoKey ??= key.toCryptoKey(webAlgorithms[algorithm], false, ['sign'])
      return cryptoKey
    },
  }
}

function privateKeyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    // The parser's own error is left out: it may quote the input.
    throw new UsageError(
      'HTTP_OPTIONS_INVALID',
      'The auth option "privateKey" is not a private key in PEM without a passphrase.',
    )
  }
}

function algorithmsOf(key: KeyObject): readonly AssertionAlgorithm[] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return modulusLength >= 2_048 ? ['RS256', 'PS256'] : []
    case 'ec':
      if (namedCurve === 'prime256v1') return ['ES256']
      return namedCurve === 'secp384r1' ? ['ES384'] : []
    case 'ed25519':
      return ['EdDSA']
    default:
      return []
  }
}

const webAlgorithms = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  EdDSA: { name: 'Ed25519' },
} as const
