/** `isthmus tokens create|list|revoke`: access to the admin API. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ApiRole } from '../../api/contract/permissions.ts'
import { roleNames, tokenDays, tokenName, tokenNameWords } from '../../api/contract/tokens.ts'
import { UsageError } from '../../model/errors.ts'
import { createSecret, hashSecret } from '../../runtime/access-secrets.ts'
import type { AccessToken } from '../../store/access-contract.ts'
import type { Run } from '../command.ts'
import { type CliContext, withIntegration } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ago, type Column, table } from '../output.ts'

const dayMs = 86_400_000

interface CreateOptions {
  readonly role?: readonly ApiRole[]
  readonly days: number
}

async function create(
  context: CliContext,
  name: string,
  { role = [], days }: CreateOptions,
): Promise<number> {
  if (!tokenName.test(name))
    throw new UsageError('CLI_USAGE', `"${name}" is not a name of a token: use ${tokenNameWords}`)
  if (role.length === 0)
    throw new UsageError('CLI_USAGE', `name at least one role with --role: ${roleNames.join(', ')}`)
  return await withIntegration(context, async ({ store, now }) => {
    const secret = createSecret()
    const draft = {
      name,
      hash: hashSecret(secret),
      roles: [...new Set(role)],
      expiresAt: (await now()) + days * dayMs,
    }
    const created = await store.admin.createAccessToken(draft, context.actor)
    if (created === undefined)
      throw new UsageError(
        'CLI_USAGE',
        `there is a token "${name}" already: revoke it first, or choose another name`,
      )
    context.output.result({ ...created, secret }, () =>
      [
        secret,
        '',
        `This is the only time that it is shown. It grants ${created.roles.join(', ')} until ${new Date(created.expiresAt).toISOString()}.`,
      ].join('\n'),
    )
    return exitCodes.fine
  })
}

function columns(now: number): Column<AccessToken>[] {
  return [
    { title: 'name', value: ({ name }) => name },
    { title: 'roles', value: ({ roles }) => roles.join(', ') },
    { title: 'created', value: ({ createdAt, createdBy }) => `${ago(createdAt, now)} by ${createdBy}` },
    {
      title: 'last used',
      value: ({ lastUsedAt }) => (lastUsedAt === undefined ? 'never' : ago(lastUsedAt, now)),
    },
    { title: 'state', value: (token) => stateOf(token, now) },
  ]
}

function stateOf({ revokedAt, expiresAt }: AccessToken, now: number): string {
  if (revokedAt !== undefined) return `revoked ${ago(revokedAt, now)}`
  if (expiresAt <= now) return 'expired'
  return `valid until ${new Date(expiresAt).toISOString().slice(0, 10)}`
}

async function list(context: CliContext): Promise<number> {
  return await withIntegration(context, async (open) => {
    const rows = await open.store.admin.accessTokens()
    const now = await open.now()
    context.output.result(rows, () => table(rows, columns(now), 'there are no tokens'))
    return exitCodes.fine
  })
}

async function revoke(context: CliContext, name: string): Promise<number> {
  return await withIntegration(context, async ({ store }) => {
    if (!(await store.admin.revokeAccessToken(name, context.actor)))
      throw new UsageError('CLI_NOT_FOUND', `there is no token "${name}": see isthmus tokens list`)
    context.output.result(
      { name, result: 'revoked' },
      () => 'revoked; requests with it are refused from now on',
    )
    return exitCodes.fine
  })
}

function parseRole(text: string, earlier: readonly ApiRole[] = []): readonly ApiRole[] {
  const roles = text.split(',').map((name) => {
    const role = roleNames.find((known) => known === name.trim())
    if (role === undefined)
      throw new InvalidArgumentError(`one or more of ${roleNames.join(', ')}, separated by commas`)
    return role
  })
  return [...earlier, ...roles]
}

function parseDays(text: string): number {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= tokenDays.max) return days
  throw new InvalidArgumentError(`a number of days from 1 to ${tokenDays.max}`)
}

/** Adds `isthmus tokens` with its subcommands. */
export function addTokensCommands(program: Command, run: Run): void {
  const tokens = program.command('tokens').description('access tokens of the admin API')
  tokens
    .command('create <name>')
    .description('create a token and show its secret once')
    .addOption(new Option('--role <roles>', `what it may do: ${roleNames.join(', ')}`).argParser(parseRole))
    .option('--days <n>', 'how long it is valid', parseDays, tokenDays.default)
    .action(run(create))
  tokens.command('list').description('list the tokens, without their secrets').action(run(list))
  tokens.command('revoke <name>').description('revoke a token at once').action(run(revoke))
}
