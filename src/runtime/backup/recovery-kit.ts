/**
 * A master key, encrypted with a passphrase: a JSON Web Encryption in compact form (RFC 7516) with PBES2-HS512+A256KW (RFC 7518, section 4.8) and
 * A256GCM. Other implementations can decrypt it as well, should Isthmus not be at hand.
 */
import { randomInt } from 'node:crypto'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { IsthmusError, UsageError } from '../../model/errors.ts'

/** Letters and digits that are not confused in handwriting. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
const groups = 6
const groupLength = 5
/** OWASP recommends 210,000 for PBKDF2 with HMAC-SHA-512 (Password Storage Cheat Sheet). */
const iterations = 600_000
const iterationsMax = 5_000_000
const passphraseLengthMin = 16

/** A random passphrase of 30 characters, which have 148 bits. */
export function newPassphrase(): string {
  const group = () => Array.from({ length: groupLength }, () => alphabet[randomInt(alphabet.length)]).join('')
  return Array.from({ length: groups }, group).join('-')
}

/** Encrypts a master key. @throws UsageError CLI_USAGE for a short passphrase */
export async function encryptKit(key: Uint8Array, passphrase: string): Promise<string> {
  if (passphrase.length < passphraseLengthMin) {
    throw new UsageError('CLI_USAGE', `the passphrase has less than ${passphraseLengthMin} characters`)
  }
  return new CompactEncrypt(key)
    .setProtectedHeader({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', typ: 'isthmus-recovery-kit' })
    .setKeyManagementParameters({ p2c: iterations })
    .encrypt(Buffer.from(passphrase))
}

/** @throws IsthmusError STORE_KEY_WRONG for another passphrase, or something that is not a kit */
export async function decryptKit(kit: string, passphrase: string): Promise<Uint8Array> {
  try {
    const { plaintext } = await compactDecrypt(kit.trim(), Buffer.from(passphrase), {
      keyManagementAlgorithms: ['PBES2-HS512+A256KW'],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxPBES2Count: iterationsMax,
    })
    return plaintext
  } catch (error) {
    throw new IsthmusError(
      'STORE_KEY_WRONG',
      'the recovery kit does not open: the passphrase is wrong, or the file is not a recovery kit',
      { cause: error },
    )
  }
}
