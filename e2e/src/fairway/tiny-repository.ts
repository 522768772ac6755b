import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a version of the tiny service behaves. */
export type Behaviour = 'good' | 'never-ready' | 'crashes' | 'ready-then-fails' | 'wrong-port'

const author = ['-c', 'user.name=Tiny', '-c', 'user.email=tiny@example.com', '-c', 'commit.gpgsign=false']

/** A repository of a service without dependencies: it builds in a moment. */
export type TinyRepository = {
  url: string
  folder: string
  /** Commits a version that listens after `startMs`; answers the sha. */
  commit(version: string, behaviour: Behaviour, startMs?: number): string
  commitFiles(message: string, files: Record<string, string>): string
}

export function createTinyRepository(folder: string, branch = 'main'): TinyRepository {
  mkdirSync(folder, { recursive: true })
  const git = (...args: string[]): string =>
    execFileSync('git', [...author, ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  git('init', '-q', '-b', branch)
  const commitFiles = (message: string, files: Record<string, string>): string => {
    for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content)
    git('add', '-A')
    git('commit', '-q', '--allow-empty', '-m', message)
    return git('rev-parse', 'HEAD')
  }
  return {
    url: `file://${folder}`,
    folder,
    commitFiles,
    commit: (version, behaviour, startMs = 0) =>
      commitFiles(`${version}: ${behaviour}`, {
        'package.json': JSON.stringify({
          name: 'tiny',
          version: '1.0.0',
          private: true,
          scripts: { start: 'node server.js' },
        }),
        Procfile: 'web: node server.js\njob: node job.js\n',
        'job.js': `console.log('job of ${version}')\nif (process.env.COUNT_FILE) require('node:fs').appendFileSync(process.env.COUNT_FILE, process.env.NF_JOB_RUN_ID + '\\n')\nif (process.env.FAIL === '1') { console.error('told to fail'); process.exit(3) }\n`,
        'server.js': serverSource(version, behaviour, startMs),
      }),
  }
}

const prelude: Readonly<Record<Behaviour, string>> = {
  good: '',
  'never-ready': 'const readyStatus = () => 503',
  crashes: "console.error('cannot find the flux capacitor'); process.exit(7)",
  'ready-then-fails': "setTimeout(() => { console.error('out of tape'); process.exit(9) }, 700)",
  'wrong-port': 'const listenOn = 0',
}

const serverSource = (version: string, behaviour: Behaviour, startMs: number): string => `
const http = require('node:http')
const crypto = require('node:crypto')
${prelude[behaviour]}
const port = typeof listenOn === 'undefined' ? Number(process.env.PORT) : listenOn
const status = typeof readyStatus === 'undefined' ? () => 200 : readyStatus
const sockets = new Set()
const server = http.createServer((request, response) => {
  if (request.url === '/ready') return response.writeHead(status()).end(status() === 200 ? 'yes' : 'still warming up')
  response.writeHead(200, { 'x-version': '${version}' }).end('${version}\\n')
})
server.on('upgrade', (request, socket) => {
  const accept = crypto.createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
  sockets.add(socket)
  socket.on('error', () => sockets.delete(socket))
  socket.on('close', () => sockets.delete(socket))
})
setTimeout(() => server.listen(port, () => console.log('${version} listens on', server.address().port)), ${startMs})
process.on('SIGTERM', () => {
  console.log('${version} stops')
  for (const socket of sockets) socket.end()
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
`
