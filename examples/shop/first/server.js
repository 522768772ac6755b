// A small shop: a summary, orders, a live feed, and a readiness answer that waits for the schema it needs.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { addOrder, close, REQUIRED_SCHEMA, schemaVersion, summary } from './database.js'

const version = process.env.NF_DEPLOYMENT_SHA?.slice(0, 7) ?? 'development'

const routes = {
  'GET /': async () => ({ version, ...(await summary()) }),
  'GET /ping': async () => ({ version }),
  'GET /ready': readiness,
  'POST /orders': async (body) => addOrder(body.item ?? 'something', body.cents ?? 100),
}

async function readiness() {
  const schema = await schemaVersion()
  if (schema < REQUIRED_SCHEMA) {
    throw Object.assign(new Error(`schema ${schema}, waiting for ${REQUIRED_SCHEMA}`), { status: 503 })
  }
  return { ready: true, schema }
}

async function bodyOf(request) {
  let text = ''
  for await (const chunk of request) text += chunk
  return text === '' ? {} : JSON.parse(text)
}

const server = createServer(async (request, response) => {
  try {
    const path = new URL(request.url, 'http://shop').pathname
    const route = routes[`${request.method} ${path}`]
    if (route === undefined) throw Object.assign(new Error(`nothing at ${path}`), { status: 404 })
    const answer = JSON.stringify(await route(await bodyOf(request)))
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  } catch (error) {
    response.writeHead(error.status ?? 500, { 'content-type': 'text/plain' }).end(error.message)
  }
})

const feed = new WebSocketServer({ server, path: '/live' })
feed.on('connection', (socket) => {
  socket.send(JSON.stringify({ version }))
  socket.on('message', (data) => socket.send(data.toString()))
})

server.listen(process.env.PORT ?? 3000, () =>
  console.log(`shop ${version} listens on ${process.env.PORT ?? 3000}`),
)

process.on('SIGTERM', () => {
  console.log('stopping: finishing what is under way')
  for (const socket of feed.clients) socket.close(1012)
  server.close(() => close().then(() => process.exit(0)))
  server.closeIdleConnections()
})
