import { createTinyRepository } from './tiny-repository.ts'

/** A web application that counts its visits in Redis, as an image: what the documents of the fixtures set up. */
export type VisitsRepository = { url: string; commit(version: string): string }

// Slim images made elsewhere may lack yarn; this one runs the script of its name.
const DOCKERFILE = `FROM node:20-slim
RUN command -v yarn || (printf '#!/bin/sh\\nexec node "$1.js"\\n' > /usr/local/bin/yarn && chmod 755 /usr/local/bin/yarn)
WORKDIR /app
COPY . .
CMD ["node", "server.js"]
`

const PACKAGE = JSON.stringify({
  name: 'visits',
  version: '1.0.0',
  private: true,
  scripts: { migrate: 'node migrate.js' },
})

/** One command over the wire of Redis; enough for numbers. */
const REDIS = `const net = require('node:net')
const { hostname, port, password } = new URL(process.env.CONNECTION_STRING)
const encode = (words) => '*' + words.length + '\\r\\n' + words.map((word) => '$' + Buffer.byteLength(word) + '\\r\\n' + word + '\\r\\n').join('')
module.exports = (...words) => new Promise((resolve, reject) => {
  const socket = net.connect(Number(port), hostname, () => socket.write(encode(['AUTH', decodeURIComponent(password)]) + encode(words)))
  let text = ''
  socket.on('error', reject)
  socket.on('data', (chunk) => {
    text += chunk
    if (text.includes('\\r\\n-') || text.startsWith('-')) reject(new Error(text))
    const [, number] = /^\\+OK\\r\\n:(\\d+)\\r\\n/.exec(text) ?? []
    if (number !== undefined) { socket.end(); resolve(Number(number)) }
  })
})
`

const MIGRATE = `require('./redis.js')('INCRBY', 'migrated', '1').then((times) => console.log('migrated', times))
`

const serverOf = (version: string): string => `const redis = require('./redis.js')
require('node:http').createServer(async (request, response) => {
  try {
    const migrated = await redis('INCRBY', 'migrated', '0')
    response.end(JSON.stringify({ version: '${version}', migrated, visits: await redis('INCR', 'visits') }))
  } catch (error) {
    response.writeHead(500).end(error.message)
  }
}).listen(process.env.PORT ?? 3000)
process.on('SIGTERM', () => process.exit(0))
`

export function createVisitsRepository(folder: string): VisitsRepository {
  const { url, commitFiles } = createTinyRepository(folder, 'master')
  return {
    url,
    commit: (version) =>
      commitFiles(version, {
        Dockerfile: DOCKERFILE,
        'package.json': PACKAGE,
        'redis.js': REDIS,
        'migrate.js': MIGRATE,
        'server.js': serverOf(version),
      }),
  }
}
