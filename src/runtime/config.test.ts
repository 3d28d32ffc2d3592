import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadEnvironment, readSettings, resolveReferences } from './config.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-config-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const key = Buffer.alloc(32, 7)

describe('settings', () => {
  test('have defaults for everything', () => {
    expect(readSettings({}, directory)).toEqual({
      networkAllow: [],
      databaseSchema: 'isthmus',
      dataDir: join(directory, '.isthmus'),
      port: 4780,
      host: '127.0.0.1',
      logLevel: 'info',
      sealing: 'on',
      keysDir: join(homedir(), '.config', 'isthmus', 'keys'),
    })
  })

  test('come from the environment; an empty variable counts as not set', () => {
    const settings = readSettings(
      {
        DATABASE_URL: 'postgres://u:p@db:5432/isthmus',
        ISTHMUS_DATABASE_SCHEMA: 'customers',
        ISTHMUS_DATA_DIR: '/var/lib/isthmus',
        ISTHMUS_PORT: '0',
        ISTHMUS_HOST: '',
        ISTHMUS_LOG_LEVEL: 'DEBUG',
        ISTHMUS_KEY: key.toString('base64'),
        ISTHMUS_MAC_KEY: key.toString('hex'),
      },
      directory,
    )
    expect(settings).toMatchObject({ databaseSchema: 'customers', dataDir: '/var/lib/isthmus', port: 0 })
    expect(settings).toMatchObject({ host: '127.0.0.1', logLevel: 'debug' })
    expect(settings.databaseUrl).toBe('postgres://u:p@db:5432/isthmus')
    expect(settings.masterKey).toEqual(new Uint8Array(key))
    expect(settings.macKey).toEqual(new Uint8Array(key))
  })

  test('never show their secrets when they are printed or spread into a log line', () => {
    const settings = readSettings(
      { DATABASE_URL: 'postgres://u:hunter2@db/x', ISTHMUS_MAC_KEY: key.toString('hex') },
      directory,
    )
    expect(inspect(settings) + JSON.stringify({ ...settings })).not.toMatch(/hunter2|macKey/)
  })

  test('may be read from the files that secret mounts give', () => {
    writeFileSync(join(directory, 'url'), 'postgres://u:p@db/x\n')
    expect(readSettings({ DATABASE_URL_FILE: 'url' }, directory).databaseUrl).toBe('postgres://u:p@db/x')
  })

  test('say where the keys of embedded databases are, and that a key in Vault needs its server', () => {
    expect(readSettings({ XDG_CONFIG_HOME: '/home/ann/.conf' }, directory).keysDir).toBe(
      '/home/ann/.conf/isthmus/keys',
    )
    expect(readSettings({ ISTHMUS_KEYS_DIR: 'keys' }, directory).keysDir).toBe(join(directory, 'keys'))
    const vault = {
      ISTHMUS_VAULT_KEY: 'transit/isthmus',
      VAULT_ADDR: 'https://vault.test',
      VAULT_TOKEN: 'hunter2',
    }
    const settings = readSettings(vault, directory)
    expect(settings.vault).toEqual({
      key: 'transit/isthmus',
      address: 'https://vault.test',
      token: 'hunter2',
    })
    expect(inspect(settings)).not.toContain('hunter2')
    expect(() => readSettings({ ISTHMUS_VAULT_KEY: 'x' }, directory)).toThrow(/VAULT_ADDR and VAULT_TOKEN/)
    expect(() => readSettings({ ISTHMUS_SEALING: 'maybe' }, directory)).toThrow(/ISTHMUS_SEALING/)
  })

  test('are refused all at once, by name and never by value', () => {
    const wrong = {
      DATABASE_URL: 'mysql://hunter2',
      ISTHMUS_DATABASE_SCHEMA: 'Robert"; drop',
      ISTHMUS_PORT: '70000',
      ISTHMUS_HOST: 'a b',
      ISTHMUS_LOG_LEVEL: 'loud',
      ISTHMUS_KEY: 'hunter2',
      ISTHMUS_MAC_KEY_FILE: 'gone',
    }
    let message = ''
    try {
      readSettings(wrong, directory)
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
      message = String(error)
    }
    for (const name of Object.keys(wrong)) expect(message).toContain(name)
    expect(message).not.toContain('hunter2')
  })
})

describe('the environment', () => {
  test('is completed from .env, and the process wins', () => {
    writeFileSync(join(directory, '.env'), 'A=from file\nB="from file"\n# comment\n')
    expect(loadEnvironment(directory, { B: 'from process' })).toEqual({ A: 'from file', B: 'from process' })
  })

  test('needs no .env', () => {
    expect(loadEnvironment(directory, { A: '1' })).toEqual({ A: '1' })
  })
})

describe('references to secrets', () => {
  const home = (environment: Record<string, string>) => ({ environment, directory, place: 'systems' })

  test('are resolved wherever they stand, from variables, defaults and files', () => {
    writeFileSync(join(directory, 'key.pem'), 'line one\nline two\n')
    const value = {
      url: `https://\${env:HOST}:\${env:PORT:-8443}/x`,
      list: [`\${file:key.pem}`, 3, null],
    }
    expect(resolveReferences(value, home({ HOST: 'h' }))).toEqual({
      url: 'https://h:8443/x',
      list: ['line one\nline two', 3, null],
    })
  })

  test('that lead nowhere are all named, each with the places that use it', () => {
    const value = { crm: { a: `\${env:ONE}`, b: [`\${env:ONE}`] }, erp: { key: `\${file:gone.key}` } }
    expect(() => resolveReferences(value, home({ ONE: '' }))).toThrow(
      'the variable ONE is not set (used by systems.crm.a, systems.crm.b[0]); the file gone.key does not exist (used by systems.erp.key)',
    )
  })

  test('never read more than a secret may be long', () => {
    writeFileSync(join(directory, 'big'), 'x'.repeat(70_000))
    expect(() => resolveReferences({ a: `\${file:big}` }, home({}))).toThrow(/larger than 65536 bytes/)
  })

  test('do not resolve what a secret itself contains', () => {
    const resolved = resolveReferences({ a: `\${env:A}` }, home({ A: `\${env:B}`, B: 'x' }))
    expect(resolved).toEqual({ a: `\${env:B}` })
  })
})
