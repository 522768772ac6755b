import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { Wanted } from './installation/choose-parts.ts'
import { DEFAULT_ENGINE_SOCKET } from './lib/docker/engine-socket.ts'

/** Everything the server can be told, read once. The only reader of the environment. */
export type Config = {
  dataFolder: string
  /** Absent: Fairway runs its own PostgreSQL in the data folder. */
  databaseUrl: string | undefined
  api: { host: string; port: number }
  /** What to run with; `auto` takes what is there at the first start and keeps to it. */
  parts: Wanted
  docker: {
    socket: string
    registry: RegistryConfig | undefined
    nodeImage: string
    /** Registries without TLS, besides those of this host. */
    insecureRegistries: string[]
  }
  gateway: {
    host: string
    port: number
    httpsPort: number
    domain: string
    accessLog: boolean
    workers: number
    /** The HAProxy program: a path, or a name to look for in `path`. */
    haproxy: string
    /** Whether something else than Fairway starts it. */
    haproxyExternal: boolean
    tcpPorts: { from: number; to: number }
  }
  /** Where programs are looked for. */
  path: string
  builds: { concurrency: number; timeoutSeconds: number }
  /** How often repositories without a webhook are looked at; 0: never. */
  gitPollSeconds: number
  /** How often registries are asked for images that are followed; 0: never. */
  imagePollSeconds: number
  /** Where people reach the pages of Fairway, without a slash at its end; undefined: git hosts get no links. */
  publicUrl: string | undefined
  /** Whom to ask for certificates; absent: nobody. `ca`: PEM of an authority that is not a public one. */
  acme: { directory: string; email: string | undefined; ca: string | undefined } | undefined
  /** Whether plain requests for hosts with a certificate are sent on to https. */
  httpsRedirect: boolean
  /** Whether a domain must be proved by a TXT record before names below it are given to services. */
  verifyDomains: boolean
  masterKey: Buffer
  allowPrivateWebhooks: boolean
  log: { level: string }
  /** For tests: where to kill this process. */
  crashAt: string[] | undefined
}

/** Where built images go: `host[:port]/prefix`. */
export type RegistryConfig = { repository: string; username?: string; password?: string }

const port = z.coerce.number().int().min(0).max(65535)
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1')

const environment = z.object({
  FAIRWAY_DATA: z.string().min(1).optional(),
  XDG_DATA_HOME: z.string().min(1).optional(),
  DATABASE_URL: z.string().min(1).optional(),
  FAIRWAY_HOST: z.string().min(1).default('127.0.0.1'),
  FAIRWAY_PORT: port.default(7420),
  FAIRWAY_GATEWAY_HOST: z.string().min(1).default('127.0.0.1'),
  FAIRWAY_GATEWAY_PORT: port.default(7480),
  FAIRWAY_RUNTIME: z.enum(['auto', 'docker', 'process']).default('auto'),
  FAIRWAY_GATEWAY: z.enum(['auto', 'haproxy', 'embedded']).default('auto'),
  FAIRWAY_DOCKER_SOCKET: z.string().min(1).optional(),
  DOCKER_HOST: z.string().optional(),
  FAIRWAY_REGISTRY: z
    .string()
    .regex(
      /^[a-zA-Z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/,
      'must be host[:port]/prefix, for instance registry.example.com/team',
    )
    .optional(),
  FAIRWAY_REGISTRY_USERNAME: z.string().min(1).optional(),
  FAIRWAY_REGISTRY_PASSWORD_FILE: z.string().min(1).optional(),
  FAIRWAY_INSECURE_REGISTRIES: z
    .string()
    .regex(
      /^[a-z0-9.-]+(:\d+)?(,[a-z0-9.-]+(:\d+)?)*$/,
      'must be hosts with commas between them, for instance registry.lan:5000,cache.lan',
    )
    .optional(),
  FAIRWAY_NODE_IMAGE: z.string().min(1).default('node:20-slim'),
  FAIRWAY_HAPROXY: z.string().min(1).default('haproxy'),
  FAIRWAY_HAPROXY_EXTERNAL: flag.default(false),
  FAIRWAY_GATEWAY_HTTPS_PORT: port.default(7443),
  FAIRWAY_TCP_PORTS: z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/, 'must be a range such as 30000-30099')
    .default('30000-30099'),
  PATH: z.string().default('/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'),
  FAIRWAY_GATEWAY_WORKERS: z.coerce.number().int().min(1).max(64).default(2),
  FAIRWAY_DOMAIN: z.string().min(1).default('localhost'),
  FAIRWAY_ACCESS_LOG: flag.default(true),
  FAIRWAY_BUILD_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  FAIRWAY_BUILD_TIMEOUT: z.coerce.number().int().min(10).default(1800),
  FAIRWAY_GIT_POLL: z.coerce.number().int().min(0).max(86_400).default(60),
  FAIRWAY_IMAGE_POLL: z.coerce.number().int().min(0).max(86_400).default(60),
  FAIRWAY_PUBLIC_URL: z
    .string()
    .regex(/^https?:\/\/[^\s?#"<>()[\]]+$/, 'must be an address such as https://fairway.example.com')
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  FAIRWAY_ACME_DIRECTORY: z.url({ protocol: /^https?$/ }).optional(),
  FAIRWAY_ACME_EMAIL: z.email().optional(),
  FAIRWAY_ACME_CA_FILE: z.string().min(1).optional(),
  FAIRWAY_HTTPS_REDIRECT: flag.optional(),
  FAIRWAY_VERIFY_DOMAINS: flag.default(false),
  FAIRWAY_MASTER_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits (32 bytes)')
    .optional(),
  FAIRWAY_ALLOW_PRIVATE_WEBHOOKS: flag.default(false),
  FAIRWAY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  FAIRWAY_CRASH_AT: z
    .string()
    .regex(/^[a-z0-9.,-]+$/)
    .optional(),
})

/** Reads, checks and completes the configuration. Throws one readable error naming every bad variable. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  // Compose files hand on variables that are not set as empty ones.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(set)
  if (!parsed.success) throw new Error(`Fairway cannot start: ${problemsOf(parsed.error)}`)
  const values = parsed.data
  const dataFolder = resolve(values.FAIRWAY_DATA ?? defaultDataFolder(values.XDG_DATA_HOME))
  return {
    dataFolder,
    databaseUrl: values.DATABASE_URL,
    api: { host: values.FAIRWAY_HOST, port: values.FAIRWAY_PORT },
    parts: { runtime: values.FAIRWAY_RUNTIME, gateway: values.FAIRWAY_GATEWAY },
    docker: {
      socket: values.FAIRWAY_DOCKER_SOCKET ?? socketOf(values.DOCKER_HOST),
      registry: registryOf(values),
      nodeImage: values.FAIRWAY_NODE_IMAGE,
      insecureRegistries: values.FAIRWAY_INSECURE_REGISTRIES?.split(',') ?? [],
    },
    path: values.PATH,
    gateway: {
      host: values.FAIRWAY_GATEWAY_HOST,
      port: values.FAIRWAY_GATEWAY_PORT,
      httpsPort: values.FAIRWAY_GATEWAY_HTTPS_PORT,
      haproxy: values.FAIRWAY_HAPROXY,
      haproxyExternal: values.FAIRWAY_HAPROXY_EXTERNAL,
      tcpPorts: rangeOf(values.FAIRWAY_TCP_PORTS),
      domain: values.FAIRWAY_DOMAIN,
      accessLog: values.FAIRWAY_ACCESS_LOG,
      workers: values.FAIRWAY_GATEWAY_WORKERS,
    },
    builds: { concurrency: values.FAIRWAY_BUILD_CONCURRENCY, timeoutSeconds: values.FAIRWAY_BUILD_TIMEOUT },
    gitPollSeconds: values.FAIRWAY_GIT_POLL,
    imagePollSeconds: values.FAIRWAY_IMAGE_POLL,
    publicUrl: values.FAIRWAY_PUBLIC_URL,
    acme: acmeOf(values),
    // Elsewhere the port of https is not the one that browsers take for it.
    httpsRedirect:
      values.FAIRWAY_HTTPS_REDIRECT ??
      (values.FAIRWAY_GATEWAY_PORT === 80 && values.FAIRWAY_GATEWAY_HTTPS_PORT === 443),
    verifyDomains: values.FAIRWAY_VERIFY_DOMAINS,
    masterKey:
      values.FAIRWAY_MASTER_KEY === undefined
        ? masterKeyFile(dataFolder)
        : Buffer.from(values.FAIRWAY_MASTER_KEY, 'hex'),
    allowPrivateWebhooks: values.FAIRWAY_ALLOW_PRIVATE_WEBHOOKS,
    log: { level: values.FAIRWAY_LOG_LEVEL },
    crashAt: values.FAIRWAY_CRASH_AT?.split(','),
  }
}

const socketOf = (dockerHost: string | undefined): string =>
  dockerHost?.startsWith('unix://') ? dockerHost.slice('unix://'.length) : DEFAULT_ENGINE_SOCKET

function rangeOf(text: string): { from: number; to: number } {
  const [from = 0, to = 0] = text.split('-').map(Number)
  return { from, to }
}

function registryOf(values: z.output<typeof environment>): RegistryConfig | undefined {
  if (values.FAIRWAY_REGISTRY === undefined) return undefined
  const file = values.FAIRWAY_REGISTRY_PASSWORD_FILE
  return {
    repository: values.FAIRWAY_REGISTRY,
    ...(values.FAIRWAY_REGISTRY_USERNAME !== undefined && { username: values.FAIRWAY_REGISTRY_USERNAME }),
    ...(file !== undefined && { password: readFileSync(file, 'utf8').trimEnd() }),
  }
}

function acmeOf(values: z.output<typeof environment>): Config['acme'] {
  const { FAIRWAY_ACME_DIRECTORY: directory, FAIRWAY_ACME_CA_FILE: file } = values
  if (directory === undefined) return undefined
  const ca = file === undefined ? undefined : readFileSync(file, 'utf8')
  return { directory, email: values.FAIRWAY_ACME_EMAIL, ca }
}

const problemsOf = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')

const defaultDataFolder = (xdg: string | undefined): string =>
  join(xdg ?? join(homedir(), '.local', 'share'), 'fairway')

/** The master key lies beside the data in a 0600 file unless the environment brings it. */
function masterKeyFile(dataFolder: string): Buffer {
  const path = join(dataFolder, 'master.key')
  mkdirSync(dataFolder, { recursive: true })
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' })
  chmodSync(path, 0o600)
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex')
  if (key.length !== 32)
    throw new Error(`${path} does not hold 64 hexadecimal digits. Restore it from a backup.`)
  return key
}
