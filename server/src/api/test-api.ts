import { createHash, randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { type Db, transaction } from '../db/db.ts'
import { openListener } from '../db/listen.ts'
import { withTestDb } from '../db/test-db.ts'
import type { Permission } from '../db/tokens.ts'
import { gitHosts } from '../hosts/hosts.ts'
import { systemClock } from '../lib/clock.ts'
import { silentLog } from '../lib/log.ts'
import { createMasker } from '../lib/mask.ts'
import { createSealer } from '../lib/seal.ts'
import type { FlowRules } from '../operations/flows/flow-rules.ts'
import { createToken } from '../operations/tokens/create.ts'
import type { ApiDeps, Notifications } from './deps.ts'
import { createHttp } from './http.ts'
import type { Route } from './route.ts'
import { routes } from './routes.ts'
import type { ShellLimits } from './shells/shell-session.ts'
import type { Streams } from './streams/streams-port.ts'

export type Answer = { status: number; body: unknown; headers: Headers }

export type TestApi = {
  url: string
  db: Db
  tokens: Record<Permission, string>
  /** One request over real HTTP, by default with the admin token and a JSON body. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  /** The same, answering `data`; throws with the answer when the status is not 2xx. */
  ok<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>
}

export type CallOptions = { token?: string | undefined; headers?: Record<string, string>; text?: string }

/** The API over real HTTP and a real database of its own; every answer is checked against its contract. */
export async function withTestApi<T>(
  work: (api: TestApi) => Promise<T>,
  options: { routes?: readonly Route[]; deps?: Partial<ApiDeps>; shells?: Partial<ShellLimits> } = {},
): Promise<T> {
  return withTestDb(async (db, test) => {
    const notifications = await openListener(test.connectionString, silentLog())
    const deps = { ...realDeps(db, notifications), ...options.deps }
    const app = createHttp(deps, {
      routes: options.routes ?? routes,
      checkReplies: true,
      ...(options.shells !== undefined && { shells: options.shells }),
    })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
    try {
      return await work(await clientOf(url, db))
    } finally {
      await app.close()
      await notifications.close()
    }
  })
}

function realDeps(db: Db, notifications: Notifications): ApiDeps {
  const masker = createMasker()
  return {
    db,
    sealer: createSealer(randomBytes(32), masker.add),
    clock: systemClock,
    log: silentLog(),
    mask: masker.mask,
    notifications,
    streams: noStreams,
    flowRules: noFlowRules,
    gitHosts,
    resolveImage: everyImage,
    domains: { mustVerify: false, target: 'apps.example.org', lookUpTxt: async () => [] },
    addonOffers: async () => [{ type: 'postgresql', tls: false, versions: ['18.4'] }],
    listBranches: async () => [{ name: 'main', sha: 'a'.repeat(40) }],
  }
}

/** A registry that has every image: its digest is that of its name. */
const everyImage: ApiDeps['resolveImage'] = async ({ reference }) => {
  const digest = `sha256:${createHash('sha256').update(reference).digest('hex')}`
  return { reference: `${reference.replace(/:[^/]*$/, '')}@${digest}`, digest }
}

/** Nothing runs in these tests: logs are empty. */
async function* nothing(): AsyncGenerator<never> {
  yield* []
}
/** Tests of release flows hand in the real ones. */
const missing = (): never => {
  throw new Error('this test has no rules of release flows')
}
const noFlowRules: FlowRules = {
  parse: missing,
  override: missing,
  check: missing,
  resetForRetry: missing,
  foresee: missing,
  foreseeEach: missing,
  parseTemplate: missing,
  checkTemplate: missing,
  runDocument: missing,
}

const noStreams: Streams = { instanceLogs: nothing, buildLogs: nothing, exec: nothing }

async function clientOf(url: string, db: Db): Promise<TestApi> {
  const make = async (permission: Permission): Promise<string> => {
    const request = { name: `test-${permission}`, permission, expiresAt: null, actor: 'test' }
    return (await transaction(db, (tx) => createToken(tx, request))).token
  }
  const tokens = { read: await make('read'), write: await make('write'), admin: await make('admin') }
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Answer> => {
    const token = 'token' in options ? options.token : tokens.admin
    const text = options.text ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(text !== undefined && { body: text }),
    })
    return { status: response.status, body: bodyOf(await response.text()), headers: response.headers }
  }
  const ok = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await call(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`)
    return (answer.body as { data: T }).data
  }
  return { url, db, tokens, call, ok }
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}
