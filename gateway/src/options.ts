import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** Everything the gateway can be told. Read once, handed to the workers as it is. */
export type GatewayOptions = {
  listenHost: string
  /** 0 picks a free port; `GET /health` on the control socket says which. */
  listenPort: number
  controlSocket: string
  stateFolder: string
  workers: number
  accessLog: { enabled: boolean; maxBytes: number; keep: number }
  /** Believe `X-Forwarded-*` of the caller: only behind another proxy. */
  trustForwarded: boolean
  maxHeaderBytes: number
  /** A request head must be complete within this time. */
  headersTimeoutMs: number
  /** A request body may stand still for this long. */
  bodyIdleTimeoutMs: number
  keepAliveTimeoutMs: number
  connectTimeoutMs: number
  /** Set by the gateway that this one takes over from. */
  succeed: boolean
}

const flags = {
  listen: '127.0.0.1:8080',
  control: '',
  state: '',
  workers: '',
  'access-log': 'on',
  'access-log-max-bytes': String(64 * 1024 * 1024),
  'access-log-keep': '3',
  'trust-forwarded': 'off',
  'max-header-bytes': String(32 * 1024),
  'headers-timeout-ms': '15000',
  'body-idle-timeout-ms': '120000',
  'keep-alive-timeout-ms': '75000',
  'connect-timeout-ms': '3000',
  succeed: 'off',
} as const

type Flag = keyof typeof flags
type Values = Record<Flag, string>

/** From `--flag value`, else `FAIRWAY_GATEWAY_FLAG`, else the default. Throws a sentence that names the flag. */
export function readOptions(
  args: readonly string[],
  env: Record<string, string | undefined>,
): GatewayOptions {
  const values = readValues(args, env)
  const { host, port } = readListen(values.listen)
  if (values.control === '') throw new Error('--control: give the path of the control socket.')
  if (Buffer.byteLength(values.control) > 100) {
    throw new Error('--control: a socket path has at most 100 bytes; choose a shorter one.')
  }
  if (values.state === '') throw new Error('--state: give the folder the gateway keeps its routes in.')
  return {
    listenHost: host,
    listenPort: port,
    controlSocket: values.control,
    stateFolder: values.state,
    workers: values.workers === '' ? Math.min(4, availableParallelism()) : number(values, 'workers', 1),
    accessLog: {
      enabled: onOff(values, 'access-log'),
      maxBytes: number(values, 'access-log-max-bytes', 1024),
      keep: number(values, 'access-log-keep', 0),
    },
    trustForwarded: onOff(values, 'trust-forwarded'),
    maxHeaderBytes: number(values, 'max-header-bytes', 1024),
    headersTimeoutMs: number(values, 'headers-timeout-ms', 1),
    bodyIdleTimeoutMs: number(values, 'body-idle-timeout-ms', 1),
    keepAliveTimeoutMs: number(values, 'keep-alive-timeout-ms', 1),
    connectTimeoutMs: number(values, 'connect-timeout-ms', 1),
    succeed: onOff(values, 'succeed'),
  }
}

function readValues(args: readonly string[], env: Record<string, string | undefined>): Values {
  const names = Object.keys(flags) as Flag[]
  const known = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  const given = parseArgs({ args: [...args], options: known, strict: true }).values
  const pick = (name: Flag): string => {
    const fromEnv = env[`FAIRWAY_GATEWAY_${name.replaceAll('-', '_').toUpperCase()}`]
    const fromArgs = given[name]
    return typeof fromArgs === 'string' ? fromArgs : (fromEnv ?? flags[name])
  }
  return Object.fromEntries(names.map((name) => [name, pick(name)])) as Values
}

function readListen(value: string): { host: string; port: number } {
  const match = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(value)
  const port = Number(match?.[2])
  if (match?.[1] === undefined || port > 65535) throw new Error('--listen: write it as host:port.')
  return { host: match[1], port }
}

function number(values: Values, name: Flag, min: number): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < min)
    throw new Error(`--${name}: must be a whole number, at least ${min}.`)
  return value
}

function onOff(values: Values, name: Flag): boolean {
  if (values[name] !== 'on' && values[name] !== 'off') throw new Error(`--${name}: must be on or off.`)
  return values[name] === 'on'
}
